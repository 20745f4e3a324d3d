//! The GitOps examples: what Argo CD and Flux conclude from each status that the operator writes.

mod expressions;
mod files;
mod kstatus;
mod lived;
mod lua;
mod made;
mod table;

use serde_json::Value;

use self::table::Seen;

/// Whether a copy on its way holds those who wait, or lets them pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copying {
    Holds,
    Passes,
}

/// What Argo CD, kstatus and Flux with its expressions say of each object.
fn seen(objects: &[Value], copying: Copying) -> Vec<Seen> {
    let argo = lua::health(&lua::script(copying), objects);
    let kstatus = kstatus::of(objects);
    let flux = expressions::of(copying, objects);
    assert_eq!((argo.len(), kstatus.len(), flux.len()), (objects.len(), objects.len(), objects.len()));
    (argo.into_iter().zip(kstatus).zip(flux))
        .map(|((argo, kstatus), flux)| Seen { argo: argo.status, kstatus, flux })
        .collect()
}

/// Every object with a name and what is to be seen of it, in one message if not all of them are so.
fn expect(all: &[(String, Value, Seen)], copying: Copying) {
    let objects: Vec<Value> = all.iter().map(|(_, object, _)| object.clone()).collect();
    let seen = seen(&objects, copying);
    let wrong: Vec<String> = (all.iter().zip(seen))
        .filter(|((_, _, expected), seen)| expected != seen)
        .map(|((name, object, expected), seen)| format!("{name}: {seen:?}, not {expected:?}: {object:#}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
