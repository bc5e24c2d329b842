//! The promises, each in many worlds.

use faregate_tests::promises;

use crate::hold::hold;

#[test]
fn every_generated_policy_loads() {
    hold("every_generated_policy_loads", 400, |world| world.engine().map(drop));
}

#[test]
fn layout_keeps_the_meaning() {
    hold("layout_keeps_the_meaning", 150, promises::layout_keeps_the_meaning);
}

#[test]
fn a_rule_more_admits_nobody() {
    hold("a_rule_more_admits_nobody", 300, promises::a_rule_more_admits_nobody);
}

#[test]
fn a_missing_fact_admits_nobody() {
    hold("a_missing_fact_admits_nobody", 200, promises::a_missing_fact_admits_nobody);
}

#[test]
fn order_changes_nothing() {
    hold("order_changes_nothing", 200, promises::order_changes_nothing);
}

#[test]
fn plans_are_sound() {
    hold("plans_are_sound", 500, promises::plans_are_sound);
}

#[test]
fn candidates_stand_alone() {
    hold("candidates_stand_alone", 80, promises::candidates_stand_alone);
}

#[test]
fn data_survive() {
    hold("data_survive", 200, promises::data_survive);
}

#[test]
fn damaged_text_is_only_reported() {
    hold("damaged_text_is_only_reported", 100, promises::damaged_text_is_only_reported);
}
