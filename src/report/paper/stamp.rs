//! 직인: the stamp of a creditor, a PNG beside its configuration.

use crate::fault::{Fault, Place, Trouble, printable};
use crate::report::PaperError;
use krilla::image::{BitsPerComponent, CustomImage, Image, ImageColorspace};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

/// More is a photograph, not a stamp.
const MOST_BYTES: usize = 1 << 20;
const MOST_PIXELS: u32 = 2_000;

/// A checked stamp.
#[derive(Clone)]
pub struct Stamp {
    pub(super) image: Image,
}

impl std::fmt::Debug for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stamp(…)")
    }
}

/// Pixels: colours, then opacity.
#[derive(Hash, Clone)]
struct Pixels {
    colour: Arc<Vec<u8>>,
    alpha: Option<Arc<Vec<u8>>>,
    size: (u32, u32),
}

impl CustomImage for Pixels {
    fn color_channel(&self) -> &[u8] {
        &self.colour
    }
    fn alpha_channel(&self) -> Option<&[u8]> {
        self.alpha.as_deref().map(Vec::as_slice)
    }
    fn bits_per_component(&self) -> BitsPerComponent {
        BitsPerComponent::Eight
    }
    fn size(&self) -> (u32, u32) {
        self.size
    }
    fn icc_profile(&self) -> Option<&[u8]> {
        None
    }
    fn color_space(&self) -> ImageColorspace {
        ImageColorspace::Rgb
    }
}

impl Stamp {
    /// The stamp of a file; `None` where there is none.
    pub fn of(path: &Path) -> Result<Option<Self>, PaperError> {
        match std::fs::read(path) {
            Ok(bytes) => Self::read(&printable(&path.to_string_lossy()), &bytes).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Trouble::at("read", path, error).into()),
        }
    }

    /// Reads the bytes of a PNG: up to 1 MiB and 2,000 pixels a side.
    pub fn read(shown: &str, bytes: &[u8]) -> Result<Self, PaperError> {
        let unfit = |why: String| {
            PaperError::fault(Fault::new(
                "paper-stamp-unusable",
                Place::file(shown),
                format!("the stamp (직인) {why}"),
                "save it as a PNG of at most 1 MiB and 2,000 by 2,000 pixels, best with a transparent ground",
            ))
        };
        if bytes.len() > MOST_BYTES {
            return Err(unfit(format!("has {} bytes", bytes.len())));
        }
        let mut decoder =
            png::Decoder::new_with_limits(std::io::Cursor::new(bytes), png::Limits { bytes: 64 << 20 });
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let told = |error: png::DecodingError| unfit(format!("is no PNG: {}", printable(&error.to_string())));
        let mut reader = decoder.read_info().map_err(told)?;
        let size = (reader.info().width, reader.info().height);
        if size.0 > MOST_PIXELS || size.1 > MOST_PIXELS {
            return Err(unfit(format!("has {} by {} pixels", size.0, size.1)));
        }
        let room = reader.output_buffer_size().ok_or_else(|| unfit("is too large".to_string()))?;
        let mut pixels = vec![0; room];
        let frame = reader.next_frame(&mut pixels).map_err(told)?;
        pixels.truncate(frame.buffer_size());
        let (colour, alpha) = split(&pixels, frame.color_type);
        let expected = usize::try_from(u64::from(size.0) * u64::from(size.1) * 3).unwrap_or(usize::MAX);
        if colour.len() != expected {
            return Err(unfit("has a colour type that is not known".to_string()));
        }
        let pixels = Pixels { colour: Arc::new(colour), alpha: alpha.map(Arc::new), size };
        Image::from_custom(pixels, true).map(|image| Self { image }).map_err(unfit)
    }
}

/// Colours and opacity apart, grey as colour.
fn split(pixels: &[u8], kind: png::ColorType) -> (Vec<u8>, Option<Vec<u8>>) {
    use png::ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};
    let (mut colour, mut alpha) = (Vec::new(), Vec::new());
    for pixel in pixels.chunks(kind.samples()) {
        match (kind, pixel) {
            (Rgb | Indexed, rgb) => colour.extend_from_slice(rgb),
            (Rgba, [r, g, b, a]) => {
                colour.extend_from_slice(&[*r, *g, *b]);
                alpha.push(*a);
            }
            (Grayscale, [grey]) => colour.extend_from_slice(&[*grey; 3]),
            (GrayscaleAlpha, [grey, a]) => {
                colour.extend_from_slice(&[*grey; 3]);
                alpha.push(*a);
            }
            _ => {}
        }
    }
    (colour, Some(alpha).filter(|alpha| !alpha.is_empty()))
}
