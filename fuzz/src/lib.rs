//! What the targets have in common: the adapter to AWS over a connection that answers whatever it is told.

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_cloudhsmv2::config::{Credentials, RuntimeComponents, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use cloudhsm_backup_operator::aws::{Aws, Permit, SdkAws, Timeouts, Unobserved};
use plan::effect::{Mutation, Outcome};
use plan::error::Failure;
use plan::inventory::{Listing, Page, Pages, Query, Turn};
use plan::model::{AccountId, Region};
use tokio::runtime::Runtime;

/// The answer to the next request: its status and its body.
type Answer = Arc<Mutex<(u16, Vec<u8>)>>;

#[derive(Clone, Debug)]
struct Script(Answer);

impl HttpConnector for Script {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let status = status.try_into().expect("a status from 100 to 999");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}

impl HttpClient for Script {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// AWS, as far as the adapter can tell.
pub struct Cloud {
    answer: Answer,
    aws: SdkAws,
    runtime: Runtime,
}

impl Default for Cloud {
    fn default() -> Self {
        let answer = Answer::default();
        let credentials = Credentials::new("AKIAEXAMPLE", "a-secret", None, None, "fuzz");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .retry_config(RetryConfig::disabled())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(Script(Arc::clone(&answer)))
            .build();
        let aws = SdkAws::from_config(&config, Timeouts::default(), Arc::new(Unobserved));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        Self { answer, aws, runtime }
    }
}

impl Cloud {
    fn says(&self, status: u16, body: &[u8]) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = (status, body.to_vec());
    }

    /// What becomes of this answer to a listing.
    pub fn page(&self, region: &Region, status: u16, body: &[u8]) -> Result<Page, Failure> {
        self.says(status, body);
        self.runtime.block_on(self.aws.describe(region, &Query::All, None))
    }

    /// What becomes of this answer to the question for the account.
    pub fn account(&self, region: &Region, body: &[u8]) -> Result<AccountId, Failure> {
        self.says(200, body);
        self.runtime.block_on(self.aws.account(region))
    }

    /// What becomes of this answer to a change.
    pub fn outcome(&self, mutation: &Mutation, status: u16, body: &[u8]) -> Outcome {
        self.says(status, body);
        self.runtime.block_on(self.aws.mutate(mutation, &Permit::new(Arc::new(|| true)))).outcome
    }
}

/// A page as the last of a listing.
pub fn listing_of(page: Page, query: Query) -> Result<Listing, Failure> {
    match Pages::of(query).push(Page { next_token: None, ..page })? {
        Turn::End(listing) => Ok(listing),
        Turn::More(token) => panic!("{token:?} is no token"),
    }
}
