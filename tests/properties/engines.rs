//! The compiled engine held to the reference: random worlds, small ones and markets of hundreds of endpoints.

use faregate_tests::promises::engines::{engines_agree, engines_agree_in_a_market, runs_agree};

use crate::hold::hold;

#[test]
fn the_engines_agree() {
    hold("the_engines_agree", 1500, engines_agree);
}

#[test]
fn the_engines_agree_in_a_market() {
    hold("the_engines_agree_in_a_market", 60, engines_agree_in_a_market);
}

#[test]
fn runs_go_alike_by_both_engines() {
    hold("runs_go_alike_by_both_engines", 500, runs_agree);
}
