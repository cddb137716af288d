//! `in any order`: one page that stands for several.

use crate::script::{self, Command};

/// The pages that a page stands for: itself, or one for every order of the lines of its `in any order`.
pub(crate) fn pages(commands: Vec<Command>) -> Result<Vec<Vec<Command>>, (usize, String)> {
    let any = |command: &Command| command.words == ["in", "any", "order"] && command.block.is_some();
    let Some(at) = commands.iter().position(any) else { return Ok(vec![commands]) };
    let inner = script::parse(commands[at].block.as_deref().unwrap_or_default())?;
    let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
    for next in 0..inner.len() {
        orders = orders
            .into_iter()
            .flat_map(|order| {
                (0..=order.len()).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, next);
                    longer
                })
            })
            .collect();
    }
    let page = |order: Vec<usize>| {
        let shuffled = order.into_iter().map(|index| inner[index].clone());
        commands[..at].iter().cloned().chain(shuffled).chain(commands[at + 1..].iter().cloned()).collect()
    };
    Ok(orders.into_iter().map(page).collect())
}
