use super::*;

const RING: &str = r#"{"current": "2", "1": "0123456789abcdef0123456789abcdef",
    "2": "fedcba9876543210fedcba9876543210"}"#;

fn number(text: &str) -> CardNumber {
    text.parse().unwrap()
}

/// Reckoned with Python's `hmac`.
#[test]
fn pin_depends_on_key_number_and_digits_alone() {
    let ring = KeyRing::parse(RING).unwrap();
    for (key, card, digits, pin) in [
        ("1", "6000000000000007", 4, "6231"),
        ("1", "6000000000000007", 6, "786231"),
        ("1", "6000000000000007", 12, "316969786231"),
        ("1", "6000000000000015", 4, "4784"),
        ("1", "6000000000000015", 6, "274784"),
        ("1", "6000000000000015", 12, "702380274784"),
        ("2", "6000000000000007", 4, "3915"),
        ("2", "6000000000000007", 6, "403915"),
        ("2", "6000000000000007", 12, "593518403915"),
        ("2", "6000000000000015", 4, "6550"),
        ("2", "6000000000000015", 6, "066550"),
        ("2", "6000000000000015", 12, "161120066550"),
    ] {
        let found = ring.pin(&key.parse().unwrap(), &number(card), digits).unwrap();
        assert_eq!(found.reveal(), pin, "{key} {card} {digits}");
    }
    assert!(ring.pin(&"3".parse().unwrap(), &number("6000000000000007"), 6).is_none());
    assert_eq!(ring.current().as_str(), "2");
}

#[test]
fn ring_is_refused_without_showing_a_key() {
    for (text, fault) in [
        ("fedcba98", "not an object of texts"),
        (r#"{"current": 1, "1": "0123456789abcdef0123456789abcdef"}"#, "not an object of texts"),
        (r#"{"1": "0123456789abcdef0123456789abcdef"}"#, "`current` names no key"),
        (r#"{"current": "2", "1": "0123456789abcdef0123456789abcdef"}"#, "`current` names no key"),
        (r#"{"current": "1", "1": "0123456789abcdef0123456789abcde"}"#, "shorter than 32"),
        (r#"{"current": "a b", "a b": "0123456789abcdef0123456789abcdef"}"#, "not a handle"),
    ] {
        let error = KeyRing::parse(text).unwrap_err().to_string();
        assert!(error.contains(fault), "{error}");
        assert!(!error.contains("0123456789"), "{error}");
    }
}

#[tokio::test]
async fn rotation_adds_a_key_and_keeps_the_old_ones() {
    let (old, card) = (KeyRing::generate().unwrap(), number("6000000000000007"));
    let new = old.with_new_key().unwrap();
    assert_ne!(old.current(), new.current());
    let pin = |ring: &KeyRing| ring.pin(old.current(), &card, 6).unwrap();
    assert!(pin(&old).is(&pin(&new)));
    let text = new.reveal();
    assert_eq!(KeyRing::parse(&text).unwrap().reveal(), text);
    for shown in [format!("{new:?}"), format!("{:?}", Keys::ring(new.clone()))] {
        assert!(!new.keys.values().any(|key| shown.contains(key.as_str())), "{shown}");
    }

    // A function that has read the old ring reads it again for a key it does not know.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scrip.keys");
    fs::write(&path, old.reveal()).unwrap();
    let keys = Keys::file(&path);
    assert_eq!(keys.current().await.unwrap(), *old.current());
    fs::write(&path, new.reveal()).unwrap();
    assert!(keys.pin(new.current(), &card, 6).await.is_ok());
    let unknown = keys.pin(&"9".parse().unwrap(), &card, 6).await.unwrap_err();
    assert_eq!(unknown.to_string(), "the key ring has no key `9`");
    assert!(matches!(Keys::default().current().await, Err(KeysError::NotConfigured)));
}

#[tokio::test]
async fn file_is_made_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scrip.keys");
    let makers = (0..8).map(|_| {
        let path = path.clone();
        std::thread::spawn(move || read_file(&path).unwrap().reveal())
    });
    let makers: Vec<_> = makers.collect();
    let kept = fs::read_to_string(&path);
    let rings: Vec<String> = makers.into_iter().map(|maker| maker.join().unwrap()).collect();
    let kept = kept.unwrap_or_else(|_| fs::read_to_string(&path).unwrap());
    assert!(rings.iter().all(|ring| *ring == kept));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
