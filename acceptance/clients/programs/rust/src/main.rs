//! Asks aws-config for credentials, and again after the seconds of the argument. Prints each outcome as a line of JSON.

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::ProvideCredentials;
use std::error::Error;
use std::time::{Duration, Instant};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let sts = aws_sdk_sts::Client::new(&config);
    for wait in std::iter::once("0".to_owned()).chain(std::env::args().skip(1)) {
        tokio::time::sleep(Duration::from_secs_f64(wait.parse().unwrap())).await;
        let start = Instant::now();
        let (key, account, error) = match fetch(&config, &sts).await {
            Ok((key, account)) => (key, account, String::new()),
            Err(error) => (String::new(), String::new(), whole(error.as_ref())),
        };
        println!(
            "{}",
            serde_json::json!({
                "ok": error.is_empty(),
                "accessKeyId": key,
                "account": account,
                "error": error,
                "tookMs": start.elapsed().as_millis() as u64,
            })
        );
    }
}

async fn fetch(
    config: &aws_config::SdkConfig,
    sts: &aws_sdk_sts::Client,
) -> Result<(String, String), Box<dyn Error>> {
    let identity = sts.get_caller_identity().send().await?;
    let provider = config
        .credentials_provider()
        .ok_or_else(|| CredentialsError::not_loaded("no provider"))?;
    let key = provider.provide_credentials().await?.access_key_id().to_owned();
    Ok((key, identity.account().unwrap_or_default().to_owned()))
}

/// The error with its causes, as applications log it.
fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
