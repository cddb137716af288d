//! Reads a `.day` page into commands. Knows no command.

/// One command of a page.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    /// Its line, from 1.
    pub(crate) line: usize,
    /// Its words, quotes removed.
    pub(crate) words: Vec<String>,
    /// The text between `<<<` and `>>>`.
    pub(crate) block: Option<String>,
}

/// All commands, or the line and what is wrong there.
pub(crate) fn parse(text: &str) -> Result<Vec<Command>, (usize, String)> {
    let mut commands = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let mut words = words(line).map_err(|why| (at + 1, why))?;
        if words.is_empty() {
            continue;
        }
        let mut block = None;
        if words.last().is_some_and(|word| word == "<<<") {
            words.pop();
            let mut inside = String::new();
            loop {
                let (_, line) = lines.next().ok_or((at + 1, "<<< without >>>".to_string()))?;
                if line.trim() == ">>>" {
                    break;
                }
                inside.push_str(line);
                inside.push('\n');
            }
            block = Some(inside);
        }
        commands.push(Command { line: at + 1, words, block });
    }
    Ok(commands)
}

fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
        let (word, left) = match quote.and_then(|quote| Some((quote, rest.strip_prefix(quote)?))) {
            Some((quote, quoted)) => quoted.split_once(quote).ok_or("a quote is not closed")?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_string());
        rest = left.trim_start();
    }
    Ok(words)
}
