//! Prices at each moment and size of input, and the worst cost of an attempt (rules 8 to 11).

use faregate::model::{Ceiling, CeilingKind};
use faregate::{Amount, Override, PriceList, ToolPrice};

use super::facts::{Covered, Facts, Seen};
use super::script::{Term, all, any, at_most, below, int, ite, larger, no, not, sum, times, truth, yes};

/// The largest amount of money: 128 bits of 10^-24 dollars.
const MOST: i128 = i128::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field<'n> {
    Prompt,
    Completion,
    Request,
    Image,
    CacheRead,
    CacheWrite,
    Reasoning,
    Call(&'n str),
    PerResult(&'n str),
}

/// A price that depends on the input's size and on the hour; `None` is unknown.
#[derive(Clone, Debug, PartialEq)]
enum Price {
    Is(Option<i128>),
    If(Term, Box<Price>, Box<Price>),
}

impl Price {
    fn when(condition: Term, then: Self, other: Self) -> Self {
        match condition.as_str() {
            "true" => then,
            "false" => other,
            _ if then == other => then,
            _ => Self::If(condition, Box::new(then), Box::new(other)),
        }
    }

    /// What is left of it where a condition holds, or does not.
    fn given(&self, condition: &str, holds: bool) -> Self {
        match self {
            Self::Is(_) => self.clone(),
            Self::If(c, then, other) if c == condition => {
                if holds {
                    then.given(condition, holds)
                } else {
                    other.given(condition, holds)
                }
            }
            Self::If(c, then, other) => {
                Self::when(c.clone(), then.given(condition, holds), other.given(condition, holds))
            }
        }
    }

    fn with(&self, other: &Self, join: &dyn Fn(Option<i128>, Option<i128>) -> Option<i128>) -> Self {
        match (self, other) {
            (Self::Is(a), Self::Is(b)) => Self::Is(join(*a, *b)),
            (Self::If(c, then, other_wise), b) => Self::when(
                c.clone(),
                then.with(&b.given(c, true), join),
                other_wise.with(&b.given(c, false), join),
            ),
            (a, Self::If(c, then, other_wise)) => {
                Self::when(c.clone(), a.with(then, join), a.with(other_wise, join))
            }
        }
    }

    fn known(&self) -> Term {
        match self {
            Self::Is(price) => truth(price.is_some()),
            Self::If(c, then, other) => ite(c, &then.known(), &other.known()),
        }
    }

    /// So many times the price; nothing where it is unknown.
    fn times(&self, count: &str) -> Term {
        match self {
            Self::Is(price) => times(&int(price.unwrap_or(0)), count),
            Self::If(c, then, other) => ite(c, &then.times(count), &other.times(count)),
        }
    }

    fn is_zero(&self) -> Term {
        match self {
            Self::Is(price) => truth(*price == Some(0)),
            Self::If(c, then, other) => ite(c, &then.is_zero(), &other.is_zero()),
        }
    }
}

fn dearer(a: Option<i128>, b: Option<i128>) -> Option<i128> {
    a.zip(b).map(|(a, b)| a.max(b))
}

fn written(list: &PriceList, field: Field<'_>) -> Option<i128> {
    let tool = |name: &str| list.tools.get(name);
    pick(
        field,
        tool,
        [
            list.prompt,
            list.completion,
            list.request,
            list.image,
            list.cache_read,
            list.cache_write,
            list.reasoning,
        ],
    )
}

fn overridden(o: &Override, field: Field<'_>) -> Option<i128> {
    let tool = |name: &str| o.tools.get(name);
    pick(field, tool, [o.prompt, o.completion, o.request, o.image, o.cache_read, o.cache_write, o.reasoning])
}

fn pick<'p>(
    field: Field<'_>,
    tool: impl Fn(&str) -> Option<&'p ToolPrice>,
    prices: [Option<faregate::Money>; 7],
) -> Option<i128> {
    let at = match field {
        Field::Prompt => 0,
        Field::Completion => 1,
        Field::Request => 2,
        Field::Image => 3,
        Field::CacheRead => 4,
        Field::CacheWrite => 5,
        Field::Reasoning => 6,
        Field::Call(name) => return tool(name).map(|t| t.per_call.0.units()),
        Field::PerResult(name) => return tool(name).map(|t| t.per_result.map_or(0, |m| m.0.units())),
    };
    prices[at].map(|m| m.0.units())
}

/// The price at a time of day, absences filled in (rule 8).
fn effective(list: &PriceList, field: Field<'_>, input: &str, hour: &str) -> Price {
    let raw = |field| {
        let mut price = Price::Is(written(list, field));
        for o in list.overrides.iter().flatten() {
            let Some(over) = overridden(o, field) else { continue };
            let mut met = Vec::new();
            met.extend(o.above_input_tokens.map(|n| below(&int(i128::from(n)), input)));
            met.extend(o.from_input_tokens.map(|n| at_most(&int(i128::from(n)), input)));
            met.extend(o.utc.map(|(from, to)| {
                let (begun, open) =
                    (at_most(&int(i128::from(from.0)), hour), below(hour, &int(i128::from(to.0))));
                if from <= to { all([begun, open]) } else { any([begun, open]) }
            }));
            price = Price::when(all(met), Price::Is(Some(over)), price);
        }
        price
    };
    let or = |price: Price, other: Price| price.with(&other, &|a, b| a.or(b));
    match field {
        Field::Request => or(raw(field), Price::Is(Some(0))),
        Field::CacheRead | Field::CacheWrite => or(raw(field), raw(Field::Prompt)),
        Field::Reasoning => or(raw(field), raw(Field::Completion)),
        _ => raw(field),
    }
}

impl<'a> Facts<'a> {
    /// The price of a shared key now.
    fn shared_now(&mut self, seen: &Seen<'a>, field: Field<'_>) -> Price {
        let (input, hour) = (self.input(), self.time_of_day());
        effective(&seen.endpoint.facts.prices, field, &input, &hour)
    }

    /// The dearest price of a shared key from now until the deadline, both inside.
    fn shared_dearest(&mut self, seen: &Seen<'a>, field: Field<'_>) -> Price {
        let list = &seen.endpoint.facts.prices;
        let (input, hour) = (self.input(), self.time_of_day());
        let span = seen.routing.retry.as_ref().and_then(|r| r.deadline_ms).map_or(86_400_000, i128::from);
        let mut dearest = effective(list, field, &input, &hour);
        for border in list.overrides.iter().flatten().filter_map(|o| o.utc).flat_map(|(from, to)| [from, to])
        {
            let border_ms = i128::from(border.0);
            let border = int(border_ms);
            let there = effective(list, field, &input, &border);
            let reached = match span {
                86_400_000.. => yes(),
                _ => {
                    let ahead = format!("(- {border} {hour})");
                    let tomorrow = format!("(- {} {hour})", int(border_ms + 86_400_000));
                    at_most(&ite(&below(&ahead, "0"), &tomorrow, &ahead), &int(span))
                }
            };
            let both = dearest.with(&there, &dearer);
            dearest = Price::when(reached, both, dearest);
        }
        dearest
    }

    /// The price of an own key now: whatever the key's own list says, laid over the endpoint's. Where it is known, and the least
    /// of those that no condition tells apart.
    fn own_now(&mut self, seen: &Seen<'a>, field: Field<'_>) -> (Term, Price) {
        let list = &seen.endpoint.facts.prices;
        let name = format!("{}own {field:?}", seen.slot);
        let mut price = Price::Is(Some(0));
        for least in self.told_apart.clone().into_iter().skip(1) {
            price =
                Price::when(self.solver.flag(&format!("{name} is {least}")), Price::Is(Some(least)), price);
        }
        let of_its_kind = match field {
            Field::CacheRead | Field::CacheWrite => Some(Field::Prompt),
            Field::Reasoning => Some(Field::Completion),
            _ => None,
        };
        let mut known = match written(list, field) {
            None if field != Field::Request => self.solver.flag(&format!("{name} is known")),
            _ => yes(),
        };
        if let Some(other) = of_its_kind {
            known = any([known, self.own_now(seen, other).0]);
        }
        (known, price)
    }

    fn now_of(&mut self, seen: &Seen<'a>, field: Field<'_>) -> (Term, Term) {
        if seen.own {
            let (known, price) = self.own_now(seen, field);
            return (known, price.times("1"));
        }
        let price = self.shared_now(seen, field);
        (price.known(), price.times("1"))
    }

    /// What an attribute that names a price is.
    pub(crate) fn price_now(&mut self, seen: &Seen<'a>, name: &str) -> Covered<(Term, Term)> {
        let field = match name {
            "price_prompt" => Field::Prompt,
            "price_completion" => Field::Completion,
            "price_request" => Field::Request,
            "price_image" => Field::Image,
            "price_cache_read" => Field::CacheRead,
            "price_cache_write" => Field::CacheWrite,
            "price_reasoning" => Field::Reasoning,
            "price_web_search" => Field::Call("web_search"),
            _ => return Err(format!("endpoint.{name}")),
        };
        Ok(self.now_of(seen, field))
    }

    /// L of rule 10, with what certain ceilings on output make of it (rule 28): whether it is bounded, and the bound.
    pub(crate) fn output(&mut self, seen: &Seen<'a>) -> Covered<(Term, Term)> {
        let made = self.once("output", 0, seen, |facts| {
            let (known, limit) = facts.output_made(seen)?;
            Ok(vec![known, limit])
        })?;
        Ok((made[0].clone(), made[1].clone()))
    }

    fn output_made(&mut self, seen: &Seen<'a>) -> Covered<(Term, Term)> {
        let (asked, most) = self.max_output();
        let own = seen.endpoint.facts.max_output_tokens.map(i128::from);
        let mut bounds: Vec<(Term, Term)> = own.iter().map(|n| (yes(), int(*n))).collect();
        let with_request = smallest([(asked.clone(), most)].into_iter().chain(bounds.clone()).collect());
        for ceiling in seen.routing.ceilings.iter().filter(|c| c.kind == CeilingKind::Output) {
            let Amount::Count(limit) = ceiling.amount else { continue };
            let certain = match &ceiling.when {
                None => yes(),
                Some(when) => {
                    let mut cost = false;
                    faregate::model::attributes(when, &mut |a| cost |= a.name == "cost");
                    if cost {
                        return Err("a ceiling on output that looks at the cost".to_owned());
                    }
                    self.truth(when, Some(seen))?.yes
                }
            };
            bounds.push((certain, int(i128::from(limit))));
        }
        bounds.push(self.caller_output());
        let without = smallest(bounds);
        let known = ite(&asked, &with_request.0, &without.0);
        let limit = self.solver.name("Int", ite(&asked, &with_request.1, &without.1));
        Ok((self.solver.name("Bool", known), limit))
    }

    /// The worst cost of an attempt: where it is known and bounded, and how much it is.
    pub(crate) fn worst(&mut self, seen: &Seen<'a>) -> Covered<(Term, Term)> {
        let (known, _, total) = self.parts(seen)?;
        Ok((known, total))
    }

    /// Where a cost is past what can be counted (rule 11).
    pub(crate) fn overflows(&mut self, seen: &Seen<'a>) -> Covered<Term> {
        let (_, counted, _) = self.parts(seen)?;
        Ok(below(&int(MOST), &counted))
    }

    /// Where the worst cost is known, what its known parts are, and how much it is with the fee of an own key.
    fn parts(&mut self, seen: &Seen<'a>) -> Covered<(Term, Term, Term)> {
        let made = self.once("cost", 0, seen, |facts| {
            let (known, counted, total) = facts.parts_made(seen)?;
            Ok(vec![known, counted, total])
        })?;
        Ok((made[0].clone(), made[1].clone(), made[2].clone()))
    }

    fn parts_made(&mut self, seen: &Seen<'a>) -> Covered<(Term, Term, Term)> {
        let (input, images, caching) = (self.input(), self.images(), self.caching());
        let (bounded, limit) = self.output(seen)?;
        let without_images = at_most(&images, "0");
        if seen.own {
            return self.own_parts(seen, &bounded, &limit);
        }
        let prompt = self.shared_dearest(seen, Field::Prompt);
        let read = self.shared_dearest(seen, Field::CacheRead);
        let write = self.shared_dearest(seen, Field::CacheWrite);
        let highest = prompt.with(&read, &Option::max).with(&write, &Option::max);
        let (completion, reasoning) =
            (self.shared_dearest(seen, Field::Completion), self.shared_dearest(seen, Field::Reasoning));
        let output = completion.with(&reasoning, &dearer);
        let request = self.shared_dearest(seen, Field::Request);
        let image = self.shared_dearest(seen, Field::Image);
        let spent = bounded.clone();
        let mut known = vec![prompt.known(), output.known(), bounded, any([without_images, image.known()])];
        let unknown_input = prompt.known();
        let input_cost = ite(&caching, &highest.times(&input), &prompt.times(&input));
        let mut costs = vec![
            ite(&unknown_input, &input_cost, "0"),
            ite(&spent, &output.times(&limit), "0"),
            request.times("1"),
            image.times(&images),
        ];
        let (tools, another) = self.tools();
        known.push(not(&another));
        for tool in &tools {
            let asked = self.request_has("tools", tool);
            let price = self.shared_dearest(seen, Field::Call(tool));
            let results = self.shared_dearest(seen, Field::PerResult(tool));
            let Some(cap) = seen.routing.tools.get(tool) else {
                known.push(not(&asked));
                continue;
            };
            let calls = i128::from(cap.calls);
            let bounded = match cap.results {
                Some(_) => yes(),
                None if calls == 0 => yes(),
                None => any([results.is_zero(), not(&price.known())]),
            };
            known.push(any([not(&asked), all([price.known(), bounded])]));
            let each = i128::from(cap.results.unwrap_or(0));
            let cost = sum([price.times(&int(calls)), results.times(&int(calls * each))]);
            costs.push(ite(&asked, &cost, "0"));
        }
        let known = self.solver.name("Bool", all(known));
        let costs: Vec<Term> = costs.into_iter().map(|c| self.solver.name("Int", c)).collect();
        let total = self.solver.name("Int", sum(costs));
        Ok((known, total.clone(), total))
    }

    /// An own key's prices and fee can be any, so that its cost can be any that the prices of now do not exceed.
    fn own_parts(&mut self, seen: &Seen<'a>, bounded: &str, limit: &str) -> Covered<(Term, Term, Term)> {
        let (input, images, caching) = (self.input(), self.images(), self.caching());
        let none = at_most(&images, "0");
        let (prompt, completion) = (self.own_now(seen, Field::Prompt), self.own_now(seen, Field::Completion));
        let (reasoning, image) = (self.own_now(seen, Field::Reasoning), self.own_now(seen, Field::Image));
        let mut known = vec![
            prompt.0.clone(),
            completion.0.clone(),
            reasoning.0,
            bounded.to_owned(),
            any([none.clone(), image.0]),
        ];
        let (tools, another) = self.tools();
        known.push(not(&another));
        let mut costs = Vec::new();
        for tool in &tools {
            let asked = self.request_has("tools", tool);
            match seen.routing.tools.get(tool) {
                None => known.push(not(&asked)),
                Some(cap) => {
                    let call = self.own_now(seen, Field::Call(tool));
                    known.push(any([not(&asked), call.0]));
                    costs.push(ite(&asked, &call.1.times(&int(i128::from(cap.calls))), "0"));
                }
            }
        }
        // What holds now holds at least until the deadline.
        let read = self.own_now(seen, Field::CacheRead).1.times(&input);
        let write = self.own_now(seen, Field::CacheWrite).1.times(&input);
        let plain = prompt.1.times(&input);
        costs.push(ite(&caching, &larger(&plain, &larger(&read, &write)), &plain));
        costs.push(larger(&completion.1.times(limit), &reasoning.1.times(limit)));
        costs.push(self.own_now(seen, Field::Request).1.times("1"));
        costs.push(image.1.times(&images));
        let known = self.solver.name("Bool", all(known));
        let name = format!("{}own worst", seen.slot);
        let worst = self.solver.constant(&name, "Int", |s| vec![at_most("0", s), at_most(s, &int(MOST))]);
        let least = self.solver.name("Int", sum(costs));
        if least != "0" {
            self.solver.assert(&any([not(&known), at_most(&least, &worst)]));
        }
        Ok((known, worst.clone(), worst))
    }

    /// Where a ceiling on a price or a cost excludes (rules 9 and 28), its `when` aside.
    pub(crate) fn over(&mut self, ceiling: &Ceiling, seen: &Seen<'a>) -> Covered<Term> {
        let limit = match ceiling.amount {
            Amount::Count(limit) => {
                let (asked, most) = self.max_output();
                return Ok(all([asked, below(&int(i128::from(limit)), &most)]));
            }
            Amount::Money(limit) => int(limit.0.units()),
        };
        let (used, field) = match &ceiling.kind {
            CeilingKind::Prompt => (yes(), Field::Prompt),
            CeilingKind::Completion => (yes(), Field::Completion),
            CeilingKind::RequestFee => (yes(), Field::Request),
            CeilingKind::Image => (not(&at_most(&self.images(), "0")), Field::Image),
            CeilingKind::CacheRead => (self.uses_cache(), Field::CacheRead),
            CeilingKind::CacheWrite => (self.uses_cache(), Field::CacheWrite),
            CeilingKind::Reasoning => (self.request_has("parameters", "reasoning"), Field::Reasoning),
            CeilingKind::Tool(tool) => (self.request_has("tools", tool), Field::Call(tool)),
            CeilingKind::Attempt | CeilingKind::Run => {
                let (known, worst) = self.worst(seen)?;
                return Ok(not(&all([known, at_most(&worst, &limit)])));
            }
            CeilingKind::Output => return Ok(no()),
        };
        let (known, price) = self.now_of(seen, field);
        Ok(all([used, not(&all([known, at_most(&price, &limit)]))]))
    }
}

/// The smallest of those that are known: where one is, and which.
fn smallest(bounds: Vec<(Term, Term)>) -> (Term, Term) {
    bounds.into_iter().fold((no(), int(0)), |(known, least), (there, bound)| {
        let less = any([not(&known), below(&bound, &least)]);
        (any([known.clone(), there.clone()]), ite(&all([there, less]), &bound, &least))
    })
}
