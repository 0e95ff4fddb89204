//! Program documents: what is accepted can be lived with.

use proptest::prop_assert;
use serde_json::{Value, json};

use crate::change::changed_document;
use crate::check;
use crate::system::{System, is_answer};

/// A changed program is refused with its faults, or every sample is answered under it.
#[test]
fn every_request_is_answered_under_a_changed_program() {
    let system = System::new();
    let (_, set) = system.samples.iter().find(|(_, event)| event["body"].is_string()).unwrap();
    let sample: Value = serde_json::from_str(set["body"].as_str().unwrap()).unwrap();
    let mut set = set.clone();
    // Else it were about the first program, and any other a conflict.
    set["headers"].as_object_mut().unwrap().remove("if-none-match");
    set["headers"]["if-match"] = json!("\"1\"");
    let items = system.database.items();
    let mut accepted = 0_u32;
    check(100, |_, changes| {
        system.database.restore(&items);
        system.app.forget_program();
        let mut event = set.clone();
        event["body"] = json!(changed_document(&sample, &changes).to_string());
        let reply = system.send("program", &event);
        prop_assert!(is_answer(&reply), "{}: {} {}", event["body"], reply.status, reply.body);
        if reply.status != 201 {
            return Ok(());
        }
        accepted += 1;
        for (function, sample) in
            system.samples.iter().filter(|(function, _)| *function != "program")
        {
            let request = system.renamed(sample);
            let reply = system.send(function, &request);
            prop_assert!(
                is_answer(&reply),
                "under {}: {} {} {}",
                event["body"],
                request,
                reply.status,
                reply.body
            );
        }
        Ok(())
    });
    assert!(0 < accepted, "some are accepted");
}
