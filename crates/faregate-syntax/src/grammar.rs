//! The parser that `pest` makes of `grammar/faregate.pest`.

#[derive(pest_derive::Parser)]
#[grammar = "../faregate.pest"]
pub(crate) struct Grammar;
