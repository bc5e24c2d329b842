//! Starts a gateway; without arguments the example, with an upstream that answers from a script.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use faregate_gateway::scripted::Upstream;
use faregate_gateway::{Config, start};

/// A small gateway with an API like OpenAI's.
#[derive(Parser)]
struct Arguments {
    /// Its settings; without this, the example's.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Starts a scripted upstream too, that plays this file.
    #[arg(long)]
    script: Option<PathBuf>,
    /// Where the scripted upstream listens.
    #[arg(long, default_value = "127.0.0.1:8081")]
    upstream: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let demo = |file: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("demo").join(file);
    let script = arguments.script.or_else(|| arguments.config.is_none().then(|| demo("script.yaml")));
    let config = Config::read(&arguments.config.unwrap_or_else(|| demo("gateway.yaml")))?;
    if let Some(script) = script {
        let text = std::fs::read_to_string(&script).map_err(|e| format!("{}: {e}", script.display()))?;
        let upstream = Upstream::start(&arguments.upstream).await.map_err(|e| e.to_string())?;
        upstream.read_scripts(&text)?;
        eprintln!("a scripted upstream listens on http://{}", upstream.address);
    }
    let gateway = start(config).await?;
    eprintln!("the gateway listens on http://{}", gateway.address);
    told_to_stop().await?;
    eprintln!("stopping; requests in flight are finished");
    gateway.stop().await;
    Ok(())
}

/// Waits for the signal with which services are stopped, or for Ctrl-C.
async fn told_to_stop() -> Result<(), String> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(|e| e.to_string()),
    }
}
