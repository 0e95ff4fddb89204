//! The Lambda function `publish`.

fn main() {}
