//! The media type (MIME) of a file from its extension: what cameras, recorders and sound mixers write.
//! The service wants one with every file, and stores parts under it.

const UNKNOWN: &str = "application/octet-stream";

/// In the order of the extensions.
const TYPES: &[(&str, &str)] = &[
    ("aac", "audio/aac"),
    ("aif", "audio/aiff"),
    ("aiff", "audio/aiff"),
    ("arw", "image/x-sony-arw"),
    ("avi", "video/x-msvideo"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("caf", "audio/x-caf"),
    ("cr2", "image/x-canon-cr2"),
    ("cr3", "image/x-canon-cr3"),
    ("csv", "text/csv"),
    ("dng", "image/x-adobe-dng"),
    ("exr", "image/x-exr"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("jpe", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("m2ts", "video/mp2t"),
    ("m4a", "audio/mp4"),
    ("m4v", "video/x-m4v"),
    ("mkv", "video/x-matroska"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpeg"),
    ("mts", "video/mp2t"),
    ("mxf", "application/mxf"),
    ("nef", "image/x-nikon-nef"),
    ("ogg", "audio/ogg"),
    ("orf", "image/x-olympus-orf"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("raf", "image/x-fuji-raf"),
    ("rw2", "image/x-panasonic-rw2"),
    ("srt", "application/x-subrip"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("ts", "video/mp2t"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

/// The type for a name or an extension with its dot, whatever the case of its letters.
pub fn of(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension)).map_or(UNKNOWN, |(_, media)| media)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_names_is_known() {
        for (name, media) in [
            ("B004_C011.MOV", "video/quicktime"),
            (".mp4", "video/mp4"),
            ("a.b.wav", "audio/wav"),
            ("x.JPG", "image/jpeg"),
            ("x.heif", "image/heif"),
            ("x.tiff", "image/tiff"),
            ("look.cube", UNKNOWN),
            ("mov", UNKNOWN),
            ("", UNKNOWN),
        ] {
            assert_eq!(of(name), media, "{name}");
        }
    }

    #[test]
    fn the_table_is_in_order_and_each_type_is_one() {
        assert!(TYPES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(TYPES.iter().all(|(_, media)| media.split('/').count() == 2));
    }
}
