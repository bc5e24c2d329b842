//! Makes `policies/catalogs/market.yaml` and prints the report: `market SOURCE NAMES OUTPUT [ORIGIN]`.

use std::path::Path;
use std::{env, error, fs};

use faregate_import::{ModelNames, models_dev, read};

fn main() -> Result<(), Box<dyn error::Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [source, names, output, origin @ ..] = args.as_slice() else {
        return Err("wanted: SOURCE NAMES OUTPUT [ORIGIN]".into());
    };
    let names = ModelNames::parse(&fs::read_to_string(names)?)?;
    let (catalog, report) = models_dev::import(read::toml_files(Path::new(source))?, &names)?;
    let heading = models_dev::heading(origin.first().map(String::as_str), None);
    fs::write(output, catalog.to_yaml(&heading))?;
    print!("{report}");
    Ok(())
}
