//! What the gateway is told in its YAML file, and the secrets that the file names, read from the environment.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use faregate::{Key, OwnCredential};
use faregate_wire::{from_node, read_one};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The settings of a gateway.
///
/// Holds secrets, so it is neither `Debug` nor `Serialize`.
pub struct Config {
    /// Where to listen, `127.0.0.1:8080`; port 0 takes a free one.
    pub listen: String,
    /// The files of the policy set, in order.
    pub policies: Vec<PathBuf>,
    /// The layers of the catalog, in order.
    pub catalogs: Vec<PathBuf>,
    /// Where records go; `None`: standard output.
    pub records: Option<PathBuf>,
    /// How often the files are looked at for changes.
    pub reload_every: Duration,
    /// How long a client may take none of its answer before it counts as gone.
    pub client_stall: Duration,
    /// The most time for a call to an upstream of which the policy sets none.
    pub upstream_timeout: Duration,
    /// How long requests in flight may go on after the gateway was told to stop.
    pub drain: Duration,
    /// Upstreams by the catalog's names of providers.
    pub providers: BTreeMap<String, Provider>,
    /// The gateway's own credentials, with their secrets.
    pub credentials: Vec<(OwnCredential, String)>,
    /// Who may ask, by the SHA-256 of the key they send.
    pub keys: HashMap<[u8; 32], Client>,
}

/// An upstream.
pub struct Provider {
    /// What `/chat/completions` is put behind.
    pub base_url: String,
    /// Its shared key; `None`: it asks for none.
    pub secret: Option<String>,
    /// Whether the shared credential can be used: it asks for no key, or there is one.
    pub shared: bool,
    /// By whose tables its errors are read: a provider's name as `faregate::Dialect` knows them.
    pub dialect: String,
    /// Whether it knows `stream_options.include_usage`.
    pub stream_usage: bool,
}

/// Who asks: what stands behind a key of the gateway.
#[derive(Clone)]
pub struct Client {
    /// The key, as policies see it.
    pub key: Key,
    /// The workload of requests that name none.
    pub workload: Option<String>,
    /// The data labels of requests that have none; `None`: unknown, the careful case.
    pub data: Option<BTreeSet<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigDto {
    listen: String,
    policies: Vec<PathBuf>,
    catalogs: Vec<PathBuf>,
    records: Option<PathBuf>,
    reload_every_ms: Option<u64>,
    client_stall_ms: Option<u64>,
    upstream_timeout_ms: Option<u64>,
    drain_ms: Option<u64>,
    providers: BTreeMap<String, ProviderDto>,
    #[serde(default)]
    credentials: Vec<CredentialDto>,
    keys: Vec<KeyDto>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderDto {
    base_url: String,
    api_key_env: Option<String>,
    dialect: Option<String>,
    stream_usage: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialDto {
    id: String,
    provider: String,
    api_key_env: String,
    priority: Option<i64>,
    fallback: Option<bool>,
    models: Option<Vec<String>>,
    keys: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyDto {
    id: String,
    sha256: Option<String>,
    secret_env: Option<String>,
    environment: Option<String>,
    team: Option<String>,
    project: Option<String>,
    account: Option<String>,
    user: Option<String>,
    tags: Option<Vec<String>>,
    credits: Option<String>,
    workload: Option<String>,
    data: Option<Vec<String>>,
}

impl Config {
    /// Reads a file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the file, or which secret is missing.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::parse(&text, folder, &|name| std::env::var(name).ok())
            .map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Reads a text, with the folder that its paths begin at, and the environment that its secrets stand in.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str, folder: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let node = read_one(text).map_err(|e| e.to_string())?;
        let dto: ConfigDto = from_node(&node, "").map_err(|e| e.to_string())?;
        let at = |path: PathBuf| folder.join(path);
        let ms = |given: Option<u64>, or: u64| Duration::from_millis(given.unwrap_or(or));
        let provider = |(name, dto): (String, ProviderDto)| {
            let secret = dto.api_key_env.as_deref().and_then(env);
            let provider = Provider {
                base_url: dto.base_url.trim_end_matches('/').to_owned(),
                shared: dto.api_key_env.is_none() || secret.is_some(),
                secret,
                dialect: dto.dialect.unwrap_or_else(|| name.clone()),
                stream_usage: dto.stream_usage.unwrap_or(true),
            };
            (name, provider)
        };
        Ok(Self {
            listen: dto.listen,
            policies: dto.policies.into_iter().map(at).collect(),
            catalogs: dto.catalogs.into_iter().map(at).collect(),
            records: dto.records.map(at),
            reload_every: ms(dto.reload_every_ms, 1_000),
            client_stall: ms(dto.client_stall_ms, 60_000),
            upstream_timeout: ms(dto.upstream_timeout_ms, 300_000),
            drain: ms(dto.drain_ms, 30_000),
            providers: dto.providers.into_iter().map(provider).collect(),
            credentials: dto.credentials.into_iter().map(|c| c.read(env)).collect::<Result<_, _>>()?,
            keys: dto.keys.into_iter().map(|k| k.read(env)).collect::<Result<_, _>>()?,
        })
    }

    /// Returns who sends this key.
    pub(crate) fn client(&self, secret: &str) -> Option<&Client> {
        self.keys.get(&hash(secret))
    }
}

impl CredentialDto {
    fn read(self, env: &dyn Fn(&str) -> Option<String>) -> Result<(OwnCredential, String), String> {
        let missing = || format!("credentials: {} is not set, which `{}` needs", self.api_key_env, self.id);
        let secret = env(&self.api_key_env).ok_or_else(missing)?;
        let mut credential = OwnCredential::new(self.id, self.provider);
        credential.priority = self.priority.unwrap_or(0);
        credential.fallback = self.fallback.unwrap_or(false);
        credential.models = self.models;
        credential.keys = self.keys;
        Ok((credential, secret))
    }
}

impl KeyDto {
    fn read(self, env: &dyn Fn(&str) -> Option<String>) -> Result<([u8; 32], Client), String> {
        let id = self.id;
        let wrong = |what: &str| format!("keys: `{id}`: {what}");
        let hash = match (&self.sha256, &self.secret_env) {
            (Some(hex), None) => unhex(hex).ok_or_else(|| wrong("sha256 has 64 hexadecimal digits"))?,
            (None, Some(name)) => hash(&env(name).ok_or_else(|| wrong("its secret_env is not set"))?),
            _ => return Err(wrong("has either sha256 or secret_env")),
        };
        let credits = self.credits.map(|text| text.parse().map_err(|_| wrong("credits is no amount")));
        let mut key = Key::default();
        key.credits = credits.transpose()?;
        key.id = Some(id);
        key.environment = self.environment;
        key.team = self.team;
        key.project = self.project;
        key.account = self.account;
        key.user = self.user;
        key.tags = self.tags.map(|tags| tags.into_iter().collect());
        let data = self.data.map(|data| data.into_iter().collect());
        Ok((hash, Client { key, workload: self.workload, data }))
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (n, byte) in bytes.iter_mut().enumerate() {
        let at = n.checked_mul(2)?;
        *byte = u8::from_str_radix(text.get(at..at.checked_add(2)?)?, 16).ok()?;
    }
    Some(bytes)
}
