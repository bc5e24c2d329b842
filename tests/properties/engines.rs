//! The compiled engine held to the reference: random worlds, small ones and markets of hundreds of endpoints.

use faregate_tests::promises::engines::engines_agree;

use crate::hold::hold;

#[test]
fn the_engines_agree() {
    hold("the_engines_agree", 3000, engines_agree);
}
