//! Engines, decisions, runs, trackers and holders, as the numbers by which a host knows them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use faregate_embed::{Decision, Engine, Error, Live, Run, Tracker};

/// What a number stands for.
#[derive(Clone)]
pub(crate) enum Thing {
    Engine(Rc<Engine>),
    Decision(Rc<Decision>),
    Run(Rc<Run>),
    Live(Rc<Live>),
    Tracker(Rc<Tracker>),
}

#[derive(Default)]
struct Things {
    all: BTreeMap<u32, Thing>,
    last: u32,
}

thread_local! {
    static THINGS: RefCell<Things> = RefCell::default();
}

/// A type that numbers can stand for.
pub(crate) trait Kind: Sized {
    /// What an error calls it.
    const NAME: &'static str;
    fn wrapped(self) -> Thing;
    fn of(thing: &Thing) -> Option<Rc<Self>>;
}

macro_rules! kinds {
    ($($kind:ident $name:literal),+) => {
        $(impl Kind for $kind {
            const NAME: &'static str = $name;
            fn wrapped(self) -> Thing {
                Thing::$kind(Rc::new(self))
            }
            fn of(thing: &Thing) -> Option<Rc<Self>> {
                match thing {
                    Thing::$kind(value) => Some(Rc::clone(value)),
                    _ => None,
                }
            }
        })+
    };
}

kinds!(Engine "engine", Decision "decision", Run "run", Live "live", Tracker "tracker");

/// Keeps a thing and returns its number. Numbers are given again only after four thousand million others.
pub(crate) fn kept<T: Kind>(value: T) -> u32 {
    THINGS.with_borrow_mut(|things| {
        loop {
            things.last = things.last.wrapping_add(1);
            if things.last != 0 && !things.all.contains_key(&things.last) {
                things.all.insert(things.last, value.wrapped());
                return things.last;
            }
        }
    })
}

/// Returns what a number stands for.
pub(crate) fn thing<T: Kind>(number: u32) -> Result<Rc<T>, Error> {
    let found = THINGS.with_borrow(|things| things.all.get(&number).cloned());
    found.as_ref().and_then(T::of).ok_or_else(|| {
        let what = if found.is_some() { "something else" } else { "nothing, or for what was freed" };
        Error::argument(T::NAME, &format!("the handle {number} stands for {what}"))
    })
}

/// Frees an engine, a decision, a run, a holder or a tracker; returns 1, or 0 where the number stands for nothing. Things are
/// independent: a decision outlives its engine, a run its decision and its tracker. Of a run that a tracker accompanies and
/// that has not ended, what its calls may have cost is counted, and the rest is given back.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_handle_free(handle: u32) -> u32 {
    // Freed when the others can be looked at again.
    let freed = THINGS.with_borrow_mut(|things| things.all.remove(&handle));
    u32::from(freed.is_some())
}

/// Returns how many things live, for a host that looks for leaks.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_handles() -> u32 {
    THINGS.with_borrow(|things| u32::try_from(things.all.len()).unwrap_or(u32::MAX))
}
