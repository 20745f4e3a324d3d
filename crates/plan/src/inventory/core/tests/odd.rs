//! Answers that nobody asked for, pages that make no sense, time that stands still: whatever comes in, in any order.

use proptest::{prelude::*, sample::select};

use super::{search::*, *};
use crate::inventory::{Page, Pages, Turn};

/// An entry beside those below [`ALWAYS`].
fn entry() -> impl Strategy<Value = Backup> {
    let state = select(vec!["CREATE_IN_PROGRESS", "READY", "PENDING_DELETION", "DELETED", "FROZEN", ""]);
    (ALWAYS..40_usize, state, proptest::option::of(0_usize..9)).prop_map(|(number, state, of)| {
        let backup = of.map_or_else(|| Backup::new(id(number), BackupState::Ready), |of| copy(number, of));
        Backup { state: BackupState::from_name(state), ..backup }
    })
}

/// So many backups are in every listing, unless it has entries that cannot be read: these may be any.
const ALWAYS: usize = 5;

/// A listing as the driver makes it of pages, which may repeat and contradict each other.
fn any_listing() -> impl Strategy<Value = Result<Listing, Failure>> {
    let malformed = prop_oneof![4 => Just(0_usize), 1 => 1..3_usize];
    let page = (proptest::collection::vec(entry(), 0..12), malformed);
    let pages = (proptest::collection::vec(page, 1..4), any::<bool>());
    let listing = pages.prop_map(|(pages, repeats)| {
        let (last, mut turns) = (pages.len() - 1, Pages::of(Query::All));
        let readable = pages.iter().all(|(_, malformed)| *malformed == 0);
        let mut turn = None;
        for (number, (mut backups, malformed)) in pages.into_iter().enumerate() {
            let always = if readable { 0..ALWAYS } else { 0..0 };
            backups.extend(always.map(|number| Backup::new(id(number), BackupState::Ready)));
            let token = if repeats { "again".to_owned() } else { number.to_string() };
            let next_token = (number < last).then_some(token);
            turn = Some(turns.push(Page { backups, malformed, next_token })?);
        }
        match turn {
            Some(Turn::End(listing)) => Ok(listing),
            Some(Turn::More(_)) | None => panic!("the last page has no token"),
        }
    });
    let classes = vec![ErrorClass::NotFound, ErrorClass::Throttled, ErrorClass::Implausible];
    prop_oneof![5 => listing, 1 => select(classes).prop_map(|class| Err(failure(class)))]
}

fn any_input() -> impl Strategy<Value = Input> {
    let names = proptest::collection::btree_set(0..40_usize, 0..9);
    prop_oneof![
        (names.clone(), names).prop_map(|(backups, sought)| Input::Named(Names {
            backups: backups.into_iter().map(id).collect(),
            sources: sources(0..9),
            sought: sought.into_iter().map(|number| source(number % 9)).collect(),
        })),
        (0..40_usize, 0..9999_u64).prop_map(|(number, since)| asking(&id(number), at(since))),
        (0..9_usize, 0..9999_u64).prop_map(|(number, since)| searching(number, at(since))),
        any_listing().prop_map(Input::Scanned),
        // Of a lookup whatever it asked for is missing, if it is not there.
        any_listing().prop_map(Input::LookedUp),
        Just(Input::Tick),
    ]
}

proptest! {
    #![proptest_config(crate::random::cases(300))]

    #[test]
    fn no_order_of_inputs_upsets_it_or_hides_what_every_readable_listing_has(
        inputs in proptest::collection::vec((any_input(), 0..400_u64, 0.0..=1.0), 1..60),
    ) {
        let mut core = Core::new(&Settings::default());
        let mut now = 0;
        for (input, wait, jitter) in inputs {
            now += wait / 4;
            for action in core.on(input, at(now), jitter) {
                if let Action::Lookup(Query::Ids(ids)) = &action {
                    prop_assert!((1..=50).contains(&ids.len()));
                }
            }
            for number in 0..ALWAYS {
                prop_assert!(!absent(&core, &id(number), at(0)), "{} is in every readable listing", number);
            }
        }
    }
}
