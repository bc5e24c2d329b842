//! The ways in which providers write their errors.

use super::tables::{self, Table};

/// Whose way of writing errors an answer follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Dialect {
    /// OpenAI.
    OpenAi,
    /// Anthropic.
    Anthropic,
    /// Google, Gemini API and Vertex AI alike.
    Google,
    /// Azure OpenAI.
    Azure,
    /// Amazon Bedrock.
    Bedrock,
    /// Mistral.
    Mistral,
    /// Cohere.
    Cohere,
    /// DeepSeek.
    DeepSeek,
    /// xAI.
    XAi,
    /// Groq.
    Groq,
    /// Together.
    Together,
    /// OpenRouter.
    OpenRouter,
    /// Any server with an API like OpenAI's: vLLM, llama.cpp, Ollama, text-generation-inference, other gateways.
    #[default]
    Compatible,
}

impl Dialect {
    /// All dialects.
    pub const ALL: [Self; 13] = [
        Self::OpenAi,
        Self::Anthropic,
        Self::Google,
        Self::Azure,
        Self::Bedrock,
        Self::Mistral,
        Self::Cohere,
        Self::DeepSeek,
        Self::XAi,
        Self::Groq,
        Self::Together,
        Self::OpenRouter,
        Self::Compatible,
    ];

    /// Returns the dialect of a provider of this name; [`Dialect::Compatible`] for one that is not listed.
    ///
    /// Case, `_` for `-`, spaces, and what follows a `/` do not matter, so that names of catalogs, of OpenRouter and of
    /// LiteLLM are understood.
    ///
    /// ```
    /// use faregate::Dialect;
    /// assert_eq!(Dialect::of("google-vertex/global"), Dialect::Google);
    /// assert_eq!(Dialect::of("Amazon Bedrock"), Dialect::Bedrock);
    /// assert_eq!(Dialect::of("together_ai"), Dialect::Together);
    /// assert_eq!(Dialect::of("deepinfra"), Dialect::Compatible);
    /// ```
    #[must_use]
    pub fn of(provider: &str) -> Self {
        let name: String = provider
            .split('/')
            .next()
            .unwrap_or_default()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        match name.as_str() {
            "openai" => Self::OpenAi,
            "anthropic" | "claude" => Self::Anthropic,
            "google"
            | "gemini"
            | "googleai"
            | "googleaistudio"
            | "googlegemini"
            | "googlevertex"
            | "vertex"
            | "vertexai"
            | "googlevertexai"
            | "googlevertexanthropic" => Self::Google,
            "azure" | "azureopenai" | "azureai" | "azurefoundry" | "azurecognitiveservices" => Self::Azure,
            "bedrock" | "amazonbedrock" | "awsbedrock" | "amazon" | "aws" => Self::Bedrock,
            "mistral" | "mistralai" => Self::Mistral,
            "cohere" | "coherechat" => Self::Cohere,
            "deepseek" => Self::DeepSeek,
            "xai" | "grok" => Self::XAi,
            "groq" => Self::Groq,
            "together" | "togetherai" => Self::Together,
            "openrouter" => Self::OpenRouter,
            _ => Self::Compatible,
        }
    }

    /// The tables to look into, the dialect's own first. Hosts of other people's models pass on their errors.
    pub(super) fn tables(self) -> &'static [&'static Table] {
        use tables::{
            anthropic, azure, bedrock, cohere, compatible, deepseek, google, groq, mistral, openai,
            openrouter, together, xai,
        };
        match self {
            Self::OpenAi => &[&openai::TABLE],
            Self::Anthropic => &[&anthropic::TABLE],
            Self::Google => &[&google::TABLE, &anthropic::TABLE],
            Self::Azure => &[&azure::TABLE, &openai::TABLE, &anthropic::TABLE],
            Self::Bedrock => &[&bedrock::TABLE, &anthropic::TABLE, &openai::TABLE],
            Self::Mistral => &[&mistral::TABLE, &openai::TABLE],
            Self::Cohere => &[&cohere::TABLE],
            Self::DeepSeek => &[&deepseek::TABLE, &openai::TABLE, &anthropic::TABLE],
            Self::XAi => &[&xai::TABLE, &openai::TABLE, &anthropic::TABLE],
            Self::Groq => &[&groq::TABLE, &openai::TABLE],
            Self::Together => &[&together::TABLE, &openai::TABLE],
            Self::OpenRouter => &[&openrouter::TABLE, &openai::TABLE, &anthropic::TABLE],
            Self::Compatible => &[&compatible::TABLE, &openai::TABLE, &anthropic::TABLE],
        }
    }
}
