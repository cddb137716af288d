//! Every case that fuzzing has found (`fuzz/found/DOOR/`), and every seed that the repository itself holds for a door, goes
//! through its door again: nothing panics, and what is accepted is printed and read back.
#![cfg(test)]

#[path = "../fuzz/src/doors.rs"]
mod doors;

#[test]
fn what_was_found_stays_mended() {
    let found = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/found");
    let mut cases = 0;
    for folder in std::fs::read_dir(found).unwrap().map(|entry| entry.unwrap().path()) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let door = doors::door(&name).unwrap_or_else(|| panic!("{name} is no door"));
        for case in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            door(&std::fs::read(case).unwrap());
            cases += 1;
        }
    }
    assert!(cases > 0);
}

/// The doors take what is right: a golden file reads and is printed, a shipped layout loads.
#[test]
fn the_doors_are_open() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let layouts = ["ae5119", "ea13", "ea14", "ea21", "ea22", "eb11", "eb12", "eb13", "eb14", "eb21", "eb22"];
    let bank_file = doors::door("bank-file").unwrap();
    for (nth, layout) in (0_u8..).zip(layouts) {
        for case in std::fs::read_dir(root.join("tests/golden").join(layout)).unwrap() {
            for file in std::fs::read_dir(case.unwrap().path()).unwrap().map(|entry| entry.unwrap().path()) {
                let mut bytes = vec![nth];
                bytes.extend(std::fs::read(file).unwrap());
                bank_file(&bytes);
            }
        }
    }
    doors::door("layout").unwrap()(&std::fs::read(root.join("formats/eb21.toml")).unwrap());
    doors::door("config").unwrap()(b"\x00nonsense = 1");
    doors::door("list").unwrap()("\x00고객번호,집금항목코드\nA-1,TUITION\n".as_bytes());
    doors::door("order").unwrap()(
        b"verb = \"file.hold\"\nid = 1\nreason = \"x\"\nby = \"kim\"\nat = \"2026-01-05\"\n",
    );
    doors::door("tables").unwrap()(b"D-1BD 14:00");
    doors::door("sealed").unwrap()(b"SUNAPSF2");
    doors::door("frames").unwrap()(b"0100");
    doors::door("sheet").unwrap()(b"PK\x03\x04");
}
