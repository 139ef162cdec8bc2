//! Asks aws-config, and prints each outcome as a line of JSON. The argument is how many seconds later it asks again, `crowd` for a
//! hundred processes at once, or `region`.

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::imds::region::ImdsRegionProvider;
use aws_credential_types::provider::{future, ProvideCredentials};
use std::error::Error;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const CROWD: usize = 100;

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

struct Client {
    key: Arc<Mutex<String>>,
    sts: aws_sdk_sts::Client,
}

async fn open() -> Client {
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
    Client { key, sts }
}

async fn ask(client: &Client) {
    let start = Instant::now();
    let (account, error) = match client.sts.get_caller_identity().send().await {
        Ok(identity) => (identity.account().unwrap_or_default().to_owned(), String::new()),
        Err(error) => (String::new(), whole(&error)),
    };
    println!(
        "{}",
        serde_json::json!({
            "ok": error.is_empty(),
            "accessKeyId": *client.key.lock().unwrap(),
            "account": account,
            "error": error,
            "tookMs": start.elapsed().as_millis() as u64,
        })
    );
}

async fn ask_region() {
    let start = Instant::now();
    let region = ImdsRegionProvider::builder().build().region().await;
    println!(
        "{}",
        serde_json::json!({
            "ok": region.is_some(),
            "accessKeyId": "",
            "account": "",
            "region": region.as_ref().map(|name| name.as_ref()).unwrap_or_default(),
            "error": if region.is_some() { "" } else { "found no region" },
            "tookMs": start.elapsed().as_millis() as u64,
        })
    );
}

/// Each process has a client of its own, and prints what it sees to our output.
fn ask_in_processes() {
    let own = std::env::current_exe().unwrap();
    let workers: Vec<_> = (0..CROWD)
        .map(|_| Command::new(&own).spawn().unwrap())
        .collect();
    for mut worker in workers {
        worker.wait().unwrap();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("region") => ask_region().await,
        Some("crowd") => ask_in_processes(),
        again => {
            let client = open().await;
            ask(&client).await;
            if let Some(seconds) = again {
                tokio::time::sleep(Duration::from_secs_f64(seconds.parse().unwrap())).await;
                ask(&client).await;
            }
        }
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
