//! The bytes of an item that its hash covers.
//!
//! They depend on the item alone, not on the code that wrote it: attributes in the order of their
//! names, every value with its type and length. A hash therefore stays valid when fields are added
//! in later formats, and any change to any attribute breaks it.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};

/// A line's link in its account's chain: SHA-256.
pub(crate) type Hash = [u8; 32];

/// The attribute that holds the hash, and is not covered by it.
pub(crate) const HASH: &str = "hash";

/// `SHA-256(previous ‖ canonical bytes)`; the first line follows 32 zero bytes.
pub(crate) fn hash(previous: &Hash, item: &HashMap<String, AttributeValue>) -> Hash {
    let mut bytes = previous.to_vec();
    // Only the line's own hash is left out; below it an attribute may have any name.
    let covered = item.iter().filter(|(name, _)| *name != HASH);
    write_map(&mut bytes, covered.collect());
    Sha256::digest(bytes).into()
}

fn write_map(bytes: &mut Vec<u8>, mut attributes: Vec<(&String, &AttributeValue)>) {
    attributes.sort_by_key(|(name, _)| *name);
    write_head(bytes, b'M', attributes.len());
    for (name, value) in attributes {
        write_sized(bytes, b'K', name.as_bytes());
        write_value(bytes, value);
    }
}

fn write_value(bytes: &mut Vec<u8>, value: &AttributeValue) {
    match value {
        AttributeValue::B(blob) => write_sized(bytes, b'B', blob.as_ref()),
        AttributeValue::Bool(flag) => write_sized(bytes, b'T', &[u8::from(*flag)]),
        AttributeValue::L(list) => {
            write_head(bytes, b'L', list.len());
            for each in list {
                write_value(bytes, each);
            }
        }
        AttributeValue::M(map) => write_map(bytes, map.iter().collect()),
        AttributeValue::N(number) => write_sized(bytes, b'N', number.as_bytes()),
        AttributeValue::S(text) => write_sized(bytes, b'S', text.as_bytes()),
        // Sets, nulls and what a later SDK knows are never written; their debug text still makes
        // a planted one visible.
        other => write_sized(bytes, b'?', format!("{other:?}").as_bytes()),
    }
}

fn write_sized(bytes: &mut Vec<u8>, kind: u8, content: &[u8]) {
    write_head(bytes, kind, content.len());
    bytes.extend_from_slice(content);
}

fn write_head(bytes: &mut Vec<u8>, kind: u8, length: usize) {
    bytes.push(kind);
    bytes.extend_from_slice(&(length as u64).to_be_bytes());
}

/// Reads a hash attribute.
pub(crate) fn read_hash(value: Option<&AttributeValue>) -> Option<Hash> {
    value?.as_b().ok()?.as_ref().try_into().ok()
}

/// Writes a hash attribute.
pub(crate) fn hash_value(hash: &Hash) -> AttributeValue {
    AttributeValue::B(Blob::new(hash.to_vec()))
}
