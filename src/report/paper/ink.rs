//! Text, lines and pictures on a page, in tenths of a point counted from the upper left corner.
//!
//! Hangul syllables are precomposed, so a glyph per character is all the shaping that is needed. A character that the
//! font lacks is a fault that names it, never an empty box.

use crate::fault::{Fault, Place, Trouble, printable};
use crate::report::PaperError;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size as FontSize};
use skrifa::{FontRef, MetadataProvider};
use std::path::Path;

/// A typeface, read from a file.
#[derive(Clone)]
pub struct Typeface {
    font: Font,
    bytes: Vec<u8>,
    name: String,
    units_per_em: i32,
}

impl std::fmt::Debug for Typeface {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Typeface({})", self.name)
    }
}

impl Typeface {
    /// Reads a TrueType or OpenType font.
    pub fn read(path: &Path) -> Result<Self, PaperError> {
        let name = printable(&path.to_string_lossy()).to_string();
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(PaperError::fault(Fault::new(
                    "paper-font-missing",
                    Place::file(name),
                    "there is no font of that name; papers need one with Hangul",
                    "install fonts-nanum, or set font and font_bold in [papers] of sunap.toml",
                )));
            }
            Err(error) => return Err(Trouble::at("read", path, error).into()),
        };
        let unfit = || {
            PaperError::fault(Fault::new(
                "paper-font-unreadable",
                Place::file(name.clone()),
                "this is no TrueType or OpenType font",
                "name NanumGothic.ttf or another font with Hangul",
            ))
        };
        let units_per_em = {
            let font = FontRef::new(&bytes).map_err(|_| unfit())?;
            i32::from(font.metrics(FontSize::unscaled(), LocationRef::default()).units_per_em)
        };
        let font = Font::new(bytes.clone().into(), 0).ok_or_else(unfit)?;
        Ok(Self { font, bytes, name, units_per_em: units_per_em.max(1) })
    }

    /// Whether the font has every character of a text; else the fault that names the first which it lacks.
    pub fn check(&self, text: &str) -> Result<(), PaperError> {
        self.glyphs(text).map(|_| ())
    }

    /// The glyphs of a text with their advances in font units.
    fn glyphs(&self, text: &str) -> Result<Vec<(u32, i32, std::ops::Range<usize>)>, PaperError> {
        let unreadable = || Trouble::new("read a font", self.name.clone());
        let font = FontRef::new(&self.bytes).map_err(|_| unreadable())?;
        let (charmap, metrics) =
            (font.charmap(), font.glyph_metrics(FontSize::unscaled(), LocationRef::default()));
        let mut glyphs = Vec::with_capacity(text.len());
        for (at, character) in text.char_indices() {
            let glyph = charmap.map(character).filter(|id| id.to_u32() != 0).ok_or_else(|| {
                PaperError::fault(Fault::new(
                    "paper-glyph-missing",
                    Place::file(self.name.clone()),
                    format!(
                        "the font has no {:?} (U+{:04X}), which stands in {:?}",
                        character,
                        u32::from(character),
                        printable(text)
                    ),
                    "name a font that has it in [papers] of sunap.toml, or correct the text",
                ))
            })?;
            // Font units are whole numbers; the cast only drops the type.
            let advance = metrics.advance_width(glyph).unwrap_or_default() as i32;
            glyphs.push((glyph.to_u32(), advance, at..at.saturating_add(character.len_utf8())));
        }
        Ok(glyphs)
    }

    /// How wide a text is at a size, in the same unit as the size.
    fn width(&self, text: &str, size: i32) -> Result<i32, PaperError> {
        let units: i32 = self.glyphs(text)?.iter().map(|(_, advance, _)| *advance).sum();
        let width = i64::from(units) * i64::from(size) / i64::from(self.units_per_em);
        Ok(i32::try_from(width).unwrap_or(i32::MAX))
    }
}

/// Below this size, in tenths of a point, a text is rather broken into lines.
const READABLE: i32 = 72;

/// From one line to the next, in hundredths of the size.
const LEADING: i32 = 118;

/// A text in as many lines as the height takes, in the largest size (at most `height.1`) at which it fits.
fn broken(
    face: &Typeface,
    text: &str,
    room: i32,
    (height, most): (i32, i32),
) -> Result<(Vec<String>, i32), PaperError> {
    let mut size = most;
    loop {
        let lines = lines_of(face, text, room, size)?;
        let fits = usize::try_from(height / (size * LEADING / 100).max(1)).unwrap_or(1);
        if lines.len() <= fits || size <= 20 {
            return Ok((lines, size));
        }
        size -= 2;
    }
}

/// A text in lines no wider than `room`: broken behind a space where a line has one in its second half, else anywhere.
fn lines_of(face: &Typeface, text: &str, room: i32, size: i32) -> Result<Vec<String>, PaperError> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for c in text.chars() {
        line.push(c);
        if face.width(&line, size)? <= room {
            continue;
        }
        let half = line.len() / 2;
        let space =
            line.rfind(' ').map(|at| at.saturating_add(1)).filter(|at| *at > half && *at < line.len());
        let at = space.unwrap_or(line.len().saturating_sub(c.len_utf8())).max(1);
        let rest = if line.is_char_boundary(at) { line.split_off(at) } else { String::new() };
        lines.push(line.trim().to_string());
        line = rest;
    }
    lines.push(line.trim().to_string());
    lines.retain(|line| !line.is_empty());
    Ok(lines)
}

/// Where a text stands in its box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

/// A box on the page: left, top, width, height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame(pub(super) i32, pub(super) i32, pub(super) i32, pub(super) i32);

/// The regular and the bold typeface.
#[derive(Debug, Clone)]
pub struct Faces {
    /// For text.
    pub regular: Typeface,
    /// For titles and labels.
    pub bold: Typeface,
}

/// A page that is being drawn.
pub(super) struct Page<'p, 's> {
    surface: &'p mut Surface<'s>,
    faces: &'p Faces,
}

/// Whole tenths of a point as the library takes them; pages are far smaller than what a f32 holds exactly.
fn f(tenths: i32) -> f32 {
    tenths as f32
}

impl<'p, 's> Page<'p, 's> {
    pub(super) fn new(surface: &'p mut Surface<'s>, faces: &'p Faces) -> Self {
        surface.push_transform(&Transform::from_scale(0.1, 0.1));
        Self { surface, faces }
    }

    pub(super) fn end(self) {
        self.surface.pop();
    }

    fn fill(&mut self, grey: u8) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill {
            paint: rgb::Color::new(grey, grey, grey).into(),
            opacity: NormalizedF32::ONE,
            ..Fill::default()
        }));
    }

    /// A text in a box, centred in its height. One that is too wide is set a little smaller; one that would become too small to
    /// read is broken into lines.
    pub(super) fn text(
        &mut self,
        frame: Frame,
        text: &str,
        size: i32,
        bold: bool,
        align: Align,
    ) -> Result<(), PaperError> {
        let face = if bold { &self.faces.bold } else { &self.faces.regular };
        let room = frame.2.saturating_sub(60).max(10);
        let width = face.width(text, size)?;
        if width <= room {
            return self.line(frame, text, size, bold, align);
        }
        let smaller = i32::try_from(i64::from(size) * i64::from(room) / i64::from(width)).unwrap_or(size);
        if smaller >= size.min(READABLE) {
            return self.line(frame, text, smaller, bold, align);
        }
        let (lines, size) = broken(face, text, room, (frame.3, READABLE))?;
        let step = size * LEADING / 100;
        let count = i32::try_from(lines.len()).unwrap_or(1);
        let top = frame.1 + (frame.3 - step * count) / 2;
        for (y, line) in (0..count).map(|nth| top + nth * step).zip(&lines) {
            self.line(Frame(frame.0, y, frame.2, step), line, size, bold, align)?;
        }
        Ok(())
    }

    /// One line in a box, at this size.
    fn line(
        &mut self,
        frame: Frame,
        text: &str,
        size: i32,
        bold: bool,
        align: Align,
    ) -> Result<(), PaperError> {
        let face = if bold { &self.faces.bold } else { &self.faces.regular };
        let width = face.width(text, size)?;
        let x = match align {
            Align::Left => frame.0 + 30,
            Align::Center => frame.0 + (frame.2 - width) / 2,
            Align::Right => frame.0 + frame.2 - 30 - width,
        };
        // The middle of Hangul lies about 0.36 em above the base line.
        let y = frame.1 + frame.3 / 2 + size * 36 / 100;
        let font = face.font.clone();
        let glyphs: Vec<KrillaGlyph> = face
            .glyphs(text)?
            .into_iter()
            .map(|(id, advance, range)| {
                let advance = of_an_em(advance, face.units_per_em);
                KrillaGlyph::new(GlyphId::new(id), advance, 0.0, 0.0, 0.0, range, None)
            })
            .collect();
        self.fill(0);
        self.surface.draw_glyphs(Point::from_xy(f(x), f(y)), &glyphs, font, text, f(size), false);
        Ok(())
    }

    /// How wide a bold text is.
    pub(super) fn width(&self, text: &str, size: i32) -> Result<i32, PaperError> {
        self.faces.bold.width(text, size)
    }

    /// A filled box.
    pub(super) fn shade(&mut self, frame: Frame) {
        self.fill(0xEE);
        self.draw(frame);
    }

    /// The outline of a box.
    pub(super) fn outline(&mut self, frame: Frame, width: i32) {
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke {
            paint: rgb::Color::new(0, 0, 0).into(),
            width: f(width),
            ..Stroke::default()
        }));
        self.draw(frame);
        self.surface.set_stroke(None);
    }

    fn draw(&mut self, Frame(x, y, w, h): Frame) {
        let mut path = PathBuilder::new();
        if let Some(rect) = Rect::from_xywh(f(x), f(y), f(w), f(h)) {
            path.push_rect(rect);
        }
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    /// A picture in a box.
    pub(super) fn picture(&mut self, Frame(x, y, w, h): Frame, image: &Image) {
        if let Some(size) = Size::from_wh(f(w), f(h)) {
            self.surface.push_transform(&Transform::from_translate(f(x), f(y)));
            self.surface.draw_image(image.clone(), size);
            self.surface.pop();
        }
    }
}

#[expect(clippy::float_arithmetic, reason = "the library takes advances as parts of an em")]
fn of_an_em(advance: i32, units_per_em: i32) -> f32 {
    f(advance) / f(units_per_em)
}
