//! The state machine with its faults, its log and its clock: one request in, one answer out. It
//! knows the wire's formats but no socket, and never waits; the server does that for it.

mod answer;
mod order;
pub(crate) mod protocol;
mod request;
mod scope;

use std::time::Duration;

use jiff::Timestamp;

pub(crate) use answer::{Answer, Delivery};
pub(crate) use order::{Accounts, Order};
pub(crate) use request::Request;

use crate::calls::{By, Call, CallLog};
use crate::clock::{self, Clock};
use crate::cloud::ids::IdSource;
use crate::cloud::{ApiError, Caller, Cloud, Operation, Reply, Tag, Tags};
use crate::fault::{Fault, FaultKind, Faults, Struck, listing};
use order::{Misread, What};
use protocol::Protocol;

/// Everything that a running emulator consists of, but the server.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) cloud: Cloud,
    pub(crate) faults: Faults,
    pub(crate) calls: CallLog,
    clock: Clock,
    accounts: Accounts,
    request_ids: IdSource,
}

/// What the server has to do next.
pub(crate) enum Next {
    /// Send this.
    Answer(Answer),
    /// Wait, then call [`Service::resume`].
    Wait(Duration, Box<Held>),
}

/// A call that a fault keeps waiting before anything is done.
pub(crate) struct Held {
    seq: u64,
    request_id: String,
    order: Order,
    struck: Struck,
}

impl Service {
    pub(crate) fn new(cloud: Cloud, clock: Clock, accounts: Accounts) -> Self {
        Self {
            cloud,
            faults: Faults::default(),
            calls: CallLog::default(),
            clock,
            accounts,
            request_ids: IdSource::new(0x5e9),
        }
    }

    /// Lets the virtual clock catch up with what drives it.
    pub(crate) fn catch_up(&mut self) {
        if let Some(at) = self.clock.reading() {
            self.cloud.advance_to(at);
        }
    }

    /// Lets virtual time pass.
    pub(crate) fn advance(&mut self, by: Duration) -> Timestamp {
        self.catch_up();
        self.clock.advance(by);
        self.cloud.advance(by);
        self.cloud.now()
    }

    /// Performs an operation for a person: no fault strikes it, and the log says who it was.
    pub(crate) fn act(&mut self, caller: &Caller, operation: &Operation) -> Result<Reply, ApiError> {
        self.catch_up();
        let mut call = self.call(By::Admin, operation.name(), Some(caller));
        describe_order(&mut call, operation);
        let seq = self.calls.open(call);
        let result = self.cloud.perform(caller, operation);
        let outcome = result.as_ref().err().map_or("ok", |error| error.code.as_str());
        self.calls.close(seq, outcome, result.is_ok());
        result
    }

    /// Takes a request of the AWS wire.
    pub(crate) fn receive(&mut self, request: &Request) -> Next {
        self.catch_up();
        if request.is_cbor() {
            return Next::Answer(self.refuse_cbor(request));
        }
        if request.method != "POST" || request.path != "/" {
            return Next::Answer(self.refuse_path(request));
        }
        match Order::read(request, &self.accounts) {
            Ok(order) => self.serve(request, order),
            Err(misread) => Next::Answer(self.refuse_misread(request, &misread)),
        }
    }

    /// Carries out a call whose waiting is over.
    pub(crate) fn resume(&mut self, held: &Held) -> Answer {
        self.catch_up();
        let result = self.carry_out(&held.order, &held.struck, &held.request_id);
        self.answer(held.seq, held.order.protocol, held.request_id.clone(), result)
    }

    fn serve(&mut self, request: &Request, order: Order) -> Next {
        let struck = self.faults.strike(&order.target());
        let mut call = self.call_of(request, order.operation(), Some(&order.caller));
        call.fault = struck.name().map(str::to_owned);
        if let What::Hsm(operation) = &order.what {
            describe_order(&mut call, operation);
        }
        let request_id = call.request_id.clone();
        let seq = self.calls.open(call);
        match struck.kind() {
            Some(FaultKind::Hang { seconds, after_effect: false }) => {
                self.calls.close(seq, "hanging", false);
                let wait = real_seconds(*seconds);
                Next::Wait(wait, Box::new(Held { seq, request_id, order, struck }))
            }
            _ => Next::Answer(self.serve_now(seq, request_id, &order, &struck)),
        }
    }

    fn serve_now(&mut self, seq: u64, request_id: String, order: &Order, struck: &Struck) -> Answer {
        let kind = struck.kind();
        if let Some(error) = kind.and_then(refusal) {
            return self.answer(seq, order.protocol, request_id, Err(error));
        }
        if kind == Some(&FaultKind::Drop) {
            self.calls.close(seq, "dropped", false);
            return Answer::dropped(request_id);
        }
        let result = self.carry_out(order, struck, &request_id);
        let applied = result.is_ok();
        let mut answer = self.answer(seq, order.protocol, request_id, result);
        match kind {
            Some(FaultKind::AcceptThenDrop) => {
                self.calls.close(seq, "dropped", applied);
                answer.delivery = Delivery::Dropped;
            }
            Some(FaultKind::AcceptThenError { code, status }) => {
                let error = ApiError::new(code, *status, "A fault of the emulator.");
                self.calls.close(seq, code, applied);
                answer.body = order.protocol.error(&error, &answer.request_id);
                answer.status = *status;
            }
            Some(FaultKind::TruncatedBody) if applied => {
                self.calls.close(seq, "truncated", applied);
                answer.delivery = Delivery::Truncated;
            }
            Some(FaultKind::GarbageBody) if applied => {
                self.calls.close(seq, "garbage", applied);
                answer.body = b"<html>not what was asked for</html>".to_vec();
            }
            Some(FaultKind::Hang { seconds, .. }) => answer.hold = real_seconds(*seconds),
            // Nothing more to do: it is about the content of a listing, or was seen to above.
            _ => {}
        }
        answer
    }

    /// Does what was asked, under the knobs that are meant for it, and writes its answer.
    fn carry_out(&mut self, order: &Order, struck: &Struck, request_id: &str) -> Result<Vec<u8>, ApiError> {
        if struck.knobs.is_empty() {
            return self.perform(order, struck.fault.as_ref(), request_id);
        }
        let usual = self.cloud.knobs().clone();
        let changed =
            struck.knobs.iter().try_fold(usual.clone(), |knobs, changes| changes.applied_to(&knobs));
        *self.cloud.knobs_mut() = changed.map_err(ApiError::invalid)?;
        let result = self.perform(order, struck.fault.as_ref(), request_id);
        *self.cloud.knobs_mut() = usual;
        result
    }

    fn perform(
        &mut self,
        order: &Order,
        fault: Option<&Fault>,
        request_id: &str,
    ) -> Result<Vec<u8>, ApiError> {
        let Order { caller, access_key, what, .. } = order;
        let reply = match (what, fault.filter(|fault| fault.kind.is_about_listings())) {
            (What::Identity, _) => return Ok(protocol::identity(&caller.account, access_key, request_id)),
            (What::Hsm(Operation::DescribeBackups(request)), Some(fault)) => {
                Reply::Backups(listing::describe(fault, &self.cloud, caller, request, self.calls.last())?)
            }
            (What::Hsm(operation), _) => self.cloud.perform(caller, operation)?,
        };
        let Some(mut json) = protocol::reply(&reply) else { return Ok(Vec::new()) };
        if let Some(fault) = fault {
            listing::alter_items(fault, &mut json);
        }
        Ok(json.to_string().into_bytes())
    }

    fn answer(
        &mut self,
        seq: u64,
        protocol: Protocol,
        request_id: String,
        result: Result<Vec<u8>, ApiError>,
    ) -> Answer {
        match result {
            Ok(body) => {
                self.calls.close(seq, "ok", true);
                Answer::whole(200, protocol.content_type(), request_id, body)
            }
            Err(error) => {
                self.calls.close(seq, &error.code, false);
                let body = protocol.error(&error, &request_id);
                Answer::whole(error.status, protocol.content_type(), request_id, body)
            }
        }
    }

    fn refuse_misread(&mut self, request: &Request, misread: &Misread) -> Answer {
        let call = self.call_of(request, &misread.operation, misread.caller.as_ref());
        let request_id = call.request_id.clone();
        let seq = self.calls.open(call);
        self.answer(seq, misread.protocol, request_id, Err(misread.error.clone()))
    }

    #[expect(clippy::print_stderr, reason = "a client that has changed its protocol must not go unnoticed")]
    fn refuse_cbor(&mut self, request: &Request) -> Answer {
        let text = "This emulator speaks AWS JSON 1.1 (X-Amz-Target: BaldrApiService.<operation>), not \
                    Smithy RPC v2 CBOR. Set the client's protocol, or pin a version that speaks JSON.\n";
        eprintln!("cloudhsm-emulator: refused a CBOR request for {}: {}", request.path, text.trim_end());
        self.refuse_as_text(request, "CBOR", text.to_owned(), 400)
    }

    fn refuse_path(&mut self, request: &Request) -> Answer {
        let text = format!(
            "There is nothing at {} {}: AWS requests are POST /, the admin interface is at /_admin.\n",
            request.method, request.path
        );
        self.refuse_as_text(request, "", text, 404)
    }

    fn refuse_as_text(&mut self, request: &Request, operation: &str, text: String, status: u16) -> Answer {
        let call = self.call_of(request, operation, None);
        let request_id = call.request_id.clone();
        let seq = self.calls.open(call);
        self.calls.close(seq, "refused", false);
        Answer::whole(status, "text/plain", request_id, text.into_bytes())
    }

    fn call_of(&mut self, request: &Request, operation: &str, caller: Option<&Caller>) -> Call {
        let call = self.call(By::Client, operation, caller);
        Call {
            access_key: scope::access_key(request.authorization.as_deref()),
            invocation_id: request.invocation_id.clone(),
            sdk_request: request.sdk_attempt.clone(),
            ..call
        }
    }

    fn call(&mut self, by: By, operation: &str, caller: Option<&Caller>) -> Call {
        let caller = caller.cloned().unwrap_or_else(|| Caller::new("", ""));
        Call {
            seq: 0,
            at: self.cloud.now(),
            real_at: clock::real_now(),
            by,
            operation: operation.to_owned(),
            region: caller.region,
            account: caller.account,
            access_key: String::new(),
            backup_ids: Vec::new(),
            filters: std::collections::BTreeMap::new(),
            listing: None,
            page_token: false,
            destination: None,
            tags: None,
            invocation_id: None,
            sdk_request: None,
            outcome: String::new(),
            fault: None,
            applied: false,
            request_id: self.request_ids.uuid(),
        }
    }
}

/// The error of a fault that refuses a call.
fn refusal(kind: &FaultKind) -> Option<ApiError> {
    match kind {
        FaultKind::Error { code, status, message } => {
            let message = message.as_deref().unwrap_or("A fault of the emulator.");
            Some(ApiError::new(code, *status, message))
        }
        FaultKind::Throttle => Some(ApiError::throttled()),
        _ => None,
    }
}

/// Notes in the log what an operation was about.
fn describe_order(call: &mut Call, operation: &Operation) {
    call.backup_ids = operation.resource_ids().into_iter().map(str::to_owned).collect();
    call.listing = operation.listing();
    call.destination = operation.destination().map(str::to_owned);
    match operation {
        Operation::DescribeBackups(request) => {
            call.filters.clone_from(&request.filters);
            call.page_token = request.next_token.is_some();
        }
        Operation::ListTags(request) => call.page_token = request.next_token.is_some(),
        Operation::DescribeClusters(request) => call.page_token = request.next_token.is_some(),
        Operation::CopyBackupToRegion(request) => call.tags = request.tag_list.as_deref().map(as_sent),
        _ => {}
    }
}

/// Tags as a request names them, valid or not.
fn as_sent(list: &[Tag]) -> Tags {
    list.iter()
        .map(|tag| (tag.key.clone().unwrap_or_default(), tag.value.clone().unwrap_or_default()))
        .collect()
}

fn real_seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
