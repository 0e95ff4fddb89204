//! What scrip costs and how long it takes, measured beside something to compare it with.
