//! Asks aws-config for credentials, and again after the seconds of the argument. Prints each outcome as a line of JSON.

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_credential_types::provider::{future, ProvideCredentials};
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The default chain. Remembers the access key ID that the client uses, which the client does not tell.
#[derive(Debug)]
struct Recorded {
    chain: DefaultCredentialsChain,
    key: Arc<Mutex<String>>,
}

impl ProvideCredentials for Recorded {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let credentials = self.chain.provide_credentials().await?;
            *self.key.lock().unwrap() = credentials.access_key_id().to_owned();
            Ok(credentials)
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let key = Arc::new(Mutex::new(String::new()));
    let recorded = Recorded {
        chain: DefaultCredentialsChain::builder().build().await,
        key: key.clone(),
    };
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .credentials_provider(recorded)
        .load()
        .await;
    let sts = aws_sdk_sts::Client::new(&config);
    for wait in std::iter::once("0".to_owned()).chain(std::env::args().skip(1)) {
        tokio::time::sleep(Duration::from_secs_f64(wait.parse().unwrap())).await;
        let start = Instant::now();
        let (account, error) = match sts.get_caller_identity().send().await {
            Ok(identity) => (identity.account().unwrap_or_default().to_owned(), String::new()),
            Err(error) => (String::new(), whole(&error)),
        };
        println!(
            "{}",
            serde_json::json!({
                "ok": error.is_empty(),
                "accessKeyId": *key.lock().unwrap(),
                "account": account,
                "error": error,
                "tookMs": start.elapsed().as_millis() as u64,
            })
        );
    }
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
