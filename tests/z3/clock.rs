//! The clock: days, hours and weekdays in UTC and in zones, at every instant around the days that a policy names.

use faregate::Timestamp;
use faregate::model::{Value as Known, Zone, time_fact};

use super::facts::{DAY, Facts, Text, Value};
use super::script::{Term, all, at_most, below, int, ite, no, same, sum, yes};

impl Facts<'_> {
    /// Milliseconds since 1970, made of a day and a time of day: so nothing has to be divided.
    pub(crate) fn now(&mut self) -> Term {
        let (day, clock) = (self.utc_day(), self.time_of_day());
        let now = self.solver.name("Int", format!("(+ (* {DAY} {day}) {clock})"));
        let (first, last) = (int(self.first), int(self.last));
        self.solver.assert(&all([at_most(&first, &now), at_most(&now, &last)]));
        now
    }

    /// Milliseconds since midnight, UTC.
    pub(crate) fn time_of_day(&mut self) -> Term {
        self.solver.constant("clock", "Int", |s| vec![at_most("0", s), below(s, &int(DAY))])
    }

    pub(crate) fn utc_day(&mut self) -> Term {
        let (first, last) = (int(self.first / DAY - 1), int(self.last / DAY + 1));
        self.solver.constant("day", "Int", |s| vec![at_most(&first, s), at_most(s, &last)])
    }

    /// The days since Monday, UTC: 1970-01-01 was a Thursday.
    fn weekday(&mut self) -> Term {
        let (day, week) = (self.utc_day(), self.solver.constant("week", "Int", |_| Vec::new()));
        self.solver.constant("weekday", "Int", |s| {
            vec![
                at_most("0", s),
                below(s, "7"),
                same(&format!("(+ {day} 3)"), &format!("(+ (* 7 {week}) {s})")),
            ]
        })
    }

    pub(crate) fn moment(&mut self, name: &str, zone: Option<&Zone>) -> Value {
        let now = self.now();
        if name == "now" {
            return Value::Number { known: yes(), value: now };
        }
        let clock = self.time_of_day();
        let local = match zone {
            None => clock,
            Some(zone) => {
                let offset = self.offset(zone);
                self.solver.name("Int", sum([clock, offset]))
            }
        };
        // Days by which the zone is behind or ahead.
        let (behind, ahead) = match zone {
            None => (no(), no()),
            Some(_) => (below(&local, "0"), at_most(&int(DAY), &local)),
        };
        let by = |back: &str, on: &str, same: &str| ite(&behind, back, &ite(&ahead, on, same));
        match name {
            "date" => {
                let day = self.utc_day();
                let date = by(&format!("(- {day} 1)"), &format!("(+ {day} 1)"), &day);
                Value::Number { known: yes(), value: self.solver.name("Int", date) }
            }
            "hour" => {
                let hour = by(&format!("(+ {local} {DAY})"), &format!("(- {local} {DAY})"), &local);
                Value::Number { known: yes(), value: self.solver.name("Int", hour) }
            }
            _ => {
                let here = self.weekday();
                let before = ite(&same(&here, "0"), "6", &format!("(- {here} 1)"));
                let after = ite(&same(&here, "6"), "0", &format!("(+ {here} 1)"));
                let code = self.solver.name("Int", by(&before, &after, &here));
                let days = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
                Value::Text(Text::Coded { known: yes(), code, of: Some(days) })
            }
        }
    }

    /// How far the clocks of a zone are ahead of UTC at each moment.
    fn offset(&mut self, zone: &Zone) -> Term {
        if let Some((_, term)) = self.zones.iter().find(|(z, _)| z == zone) {
            return term.clone();
        }
        let ahead = |moment: i128| {
            let at = Timestamp(i64::try_from(moment).unwrap());
            let part = |name| match time_fact(at, name, Some(zone)) {
                Some(Known::Number(n)) => n,
                other => panic!("{name} is {other:?}"),
            };
            part("date") * DAY + part("hour") - moment
        };
        let step = 6 * 3_600_000;
        let (mut pieces, mut at) = (Vec::new(), self.first);
        let mut here = ahead(at);
        while at < self.last {
            let next = at + step;
            if ahead(next) != here {
                let (mut low, mut high) = (at, next);
                while low + 1 < high {
                    let middle = (low + high) / 2;
                    if ahead(middle) == here { low = middle } else { high = middle }
                }
                pieces.push((high, here));
                here = ahead(high);
                at = high;
            } else {
                at = next;
            }
        }
        let now = self.now();
        let term = pieces
            .iter()
            .rev()
            .fold(int(here), |rest, (until, ahead)| ite(&below(&now, &int(*until)), &int(*ahead), &rest));
        let term = self.solver.name("Int", term);
        self.zones.push((zone.clone(), term.clone()));
        term
    }
}
