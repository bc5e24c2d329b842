//! `faregate schema`

use faregate_wire::Shape;

use crate::args::Schema;
use crate::{Exit, Failure, Surroundings};

pub(crate) fn run(args: &Schema, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let shape = Shape::named(&args.shape).ok_or_else(|| {
        let shapes = Shape::ALL.map(Shape::name);
        let near = faregate_syntax::nearest(&args.shape, shapes);
        let near = near.map(|n| format!("; a similar one exists: {n}")).unwrap_or_default();
        Failure(format!("no shape `{}`{near}; the shapes are {}", args.shape, shapes.join(", ")))
    })?;
    writeln!(surroundings.out, "{}", serde_json::to_string_pretty(&faregate_wire::schema(shape))?)?;
    Ok(Exit::Done)
}
