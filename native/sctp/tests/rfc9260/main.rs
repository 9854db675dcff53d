//! RFC 9260 section by section, against a peer that is written by hand.

#[path = "../support/mod.rs"]
mod support;

mod section_3_init;
mod section_5_setup;
mod section_6_retransmission;
mod section_6_streams;
mod section_6_window;
