//! Costs without a copy of a price list: what holds at a moment, the dearest until a deadline, and what follows from them.
//!
//! The rules are those of `reference::cost`; what differs is that nothing is put on the heap, and that most endpoints have
//! prices that never change and fit into 64 bits ([`Flat`]), so that a cost is a few multiplications.

use std::collections::BTreeMap;

use crate::catalog::{Moment, PriceList, ToolPrice};
use crate::decision::ToolCap;
use crate::run::Rates;
use crate::time::{DAY_MS, TimeOfDay};
use crate::{MAX_COUNT, Money, Ratio, Request};
use faregate_syntax::Fixed;

/// What [`Flat`] prices are whole multiples of: 10^-15 dollars, that is 10^9 of the units in which money is counted.
const SCALE: i128 = 1_000_000_000;

/// A price of a [`Flat`] that is not known.
pub(super) const NONE: u64 = u64::MAX;

/// Prices of an endpoint, those of an own credential laid over them.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'a> {
    pub(super) base: &'a PriceList,
    pub(super) over: Option<&'a PriceList>,
}

/// The prices of one moment, absences filled in. Tools are looked up by name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Prices {
    pub(super) prompt: Option<Money>,
    pub(super) completion: Option<Money>,
    pub(super) request: Money,
    pub(super) image: Option<Money>,
    pub(super) cache_read: Option<Money>,
    pub(super) cache_write: Option<Money>,
    pub(super) reasoning: Option<Money>,
}

/// Which of the prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PriceKind {
    Prompt,
    Completion,
    Request,
    Image,
    CacheRead,
    CacheWrite,
    Reasoning,
}

impl Prices {
    pub(super) fn get(&self, kind: PriceKind) -> Option<Money> {
        match kind {
            PriceKind::Prompt => self.prompt,
            PriceKind::Completion => self.completion,
            PriceKind::Request => Some(self.request),
            PriceKind::Image => self.image,
            PriceKind::CacheRead => self.cache_read,
            PriceKind::CacheWrite => self.cache_write,
            PriceKind::Reasoning => self.reasoning,
        }
    }

    fn max_each(self, other: Self) -> Self {
        let max = |a: Option<Money>, b: Option<Money>| a.zip(b).map(|(a, b)| a.max(b));
        Self {
            prompt: max(self.prompt, other.prompt),
            completion: max(self.completion, other.completion),
            request: self.request.max(other.request),
            image: max(self.image, other.image),
            cache_read: max(self.cache_read, other.cache_read),
            cache_write: max(self.cache_write, other.cache_write),
            reasoning: max(self.reasoning, other.reasoning),
        }
    }
}

impl<'a> Listed<'a> {
    pub(crate) fn new(base: &'a PriceList, over: Option<&'a PriceList>) -> Self {
        Self { base, over }
    }

    fn overrides(self) -> &'a [crate::Override] {
        let over = self.over.and_then(|o| o.overrides.as_deref());
        over.or(self.base.overrides.as_deref()).unwrap_or_default()
    }

    /// Whether the same prices hold at every moment.
    pub(super) fn is_constant(self) -> bool {
        self.overrides().is_empty()
    }

    pub(super) fn at(self, moment: Moment) -> Prices {
        let first = |of: fn(&PriceList) -> Option<Money>| self.over.and_then(of).or(of(self.base));
        let mut prompt = first(|p| p.prompt);
        let mut completion = first(|p| p.completion);
        let mut request = first(|p| p.request);
        let mut image = first(|p| p.image);
        let mut cache_read = first(|p| p.cache_read);
        let mut cache_write = first(|p| p.cache_write);
        let mut reasoning = first(|p| p.reasoning);
        for o in self.overrides().iter().filter(|o| o.matches(moment)) {
            prompt = o.prompt.or(prompt);
            completion = o.completion.or(completion);
            request = o.request.or(request);
            image = o.image.or(image);
            cache_read = o.cache_read.or(cache_read);
            cache_write = o.cache_write.or(cache_write);
            reasoning = o.reasoning.or(reasoning);
        }
        Prices {
            prompt,
            completion,
            request: request.unwrap_or(Money::ZERO),
            image,
            cache_read: cache_read.or(prompt),
            cache_write: cache_write.or(prompt),
            reasoning: reasoning.or(completion),
        }
    }

    /// Returns the prices at which usage is counted.
    pub(crate) fn rates(self, moment: Moment) -> Rates {
        let prices = self.at(moment);
        Rates {
            prompt: prices.prompt,
            completion: prices.completion,
            request: prices.request,
            image: prices.image,
            cache_read: prices.cache_read,
            reasoning: prices.reasoning,
        }
    }

    pub(crate) fn tool_at(self, tool: &str, moment: Moment) -> Option<ToolPrice> {
        let mut price = self.over.and_then(|o| o.tools.get(tool)).or_else(|| self.base.tools.get(tool));
        for o in self.overrides().iter().filter(|o| o.matches(moment)) {
            price = o.tools.get(tool).or(price);
        }
        price.copied()
    }

    /// The moments at which prices may change within a span, the start first.
    fn borders(self, moment: Moment, span_ms: Option<u64>) -> impl Iterator<Item = Moment> {
        let span_ms = span_ms.unwrap_or(u64::from(DAY_MS)).min(u64::from(DAY_MS));
        let borders = self.overrides().iter().filter_map(|o| o.utc).flat_map(|(from, to)| [from, to]);
        let ahead = move |border: &TimeOfDay| {
            let ms = border.0.wrapping_add(DAY_MS).wrapping_sub(moment.time_of_day.0);
            u64::from(ms.checked_rem(DAY_MS).unwrap_or(0)) <= span_ms
        };
        let within = borders.filter(ahead).map(move |time_of_day| Moment { time_of_day, ..moment });
        std::iter::once(moment).chain(within)
    }

    /// Each price by itself at its dearest until the deadline.
    pub(super) fn dearest(self, moment: Moment, span_ms: Option<u64>) -> Prices {
        let each = self.borders(moment, span_ms).map(|m| self.at(m));
        each.reduce(Prices::max_each).unwrap_or_default()
    }

    pub(super) fn tool_dearest(self, tool: &str, moment: Moment, span_ms: Option<u64>) -> Option<ToolPrice> {
        let each = self.borders(moment, span_ms).map(|m| self.tool_at(tool, m));
        let both = |a: Option<ToolPrice>, b: Option<ToolPrice>| {
            a.zip(b).map(|(a, b)| ToolPrice {
                per_call: a.per_call.max(b.per_call),
                per_result: a.per_result.max(b.per_result),
            })
        };
        each.reduce(both).flatten()
    }
}

/// The most that an attempt can cost, and why it is not known where it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Worst {
    pub(super) value: Option<Money>,
    pub(super) unknown: bool,
    pub(super) unbounded: bool,
    pub(super) overflow: bool,
}

impl Worst {
    /// Whether a bound that needs the cost says why it has none (`reference::reason::unpriced`).
    pub(super) fn is_told(self) -> bool {
        self.unknown || (self.unbounded && !self.overflow)
    }

    fn add(&mut self, total: &mut Money, price: Option<Money>, times: u64) {
        match price {
            None => self.unknown = true,
            Some(price) => match price.times(times).and_then(|cost| total.plus(cost)) {
                Some(sum) => *total = sum,
                None => self.overflow(),
            },
        }
    }

    fn overflow(&mut self) {
        self.overflow = true;
        self.unbounded = true;
    }
}

/// The worst case of one attempt at these prices, each at its dearest.
pub(super) fn worst(
    request: &Request,
    caps: &BTreeMap<String, ToolCap>,
    dearest: &Prices,
    tool: impl Fn(&str) -> Option<ToolPrice>,
    output_limit: Option<u64>,
    fee: Ratio,
) -> Worst {
    let mut worst = Worst::default();
    let mut total = Money::ZERO;
    let input = if request.caching {
        dearest.prompt.max(dearest.cache_read).max(dearest.cache_write).filter(|_| dearest.prompt.is_some())
    } else {
        dearest.prompt
    };
    worst.add(&mut total, input, request.input_tokens);
    let output =
        dearest.completion.zip(dearest.reasoning).map(|(completion, reasoning)| completion.max(reasoning));
    worst.unbounded |= output_limit.is_none();
    worst.add(&mut total, output, output_limit.unwrap_or(0));
    worst.add(&mut total, Some(dearest.request), 1);
    if request.images > 0 {
        worst.add(&mut total, dearest.image, request.images);
    }
    for name in &request.tools {
        let (price, cap) = (tool(name), caps.get(name));
        worst.unknown |= price.is_none();
        worst.unbounded |= cap.is_none();
        let (Some(price), Some(cap)) = (price, cap) else { continue };
        worst.add(&mut total, Some(price.per_call), cap.calls);
        match (price.per_result, cap.results) {
            (Some(per_result), Some(results)) => match per_result.times(results) {
                Some(per_call) => worst.add(&mut total, Some(per_call), cap.calls),
                None => worst.overflow(),
            },
            (Some(per_result), None) if !per_result.is_zero() && cap.calls > 0 => worst.unbounded = true,
            _ => {}
        }
    }
    if !worst.unknown && !worst.unbounded {
        worst.value = with_fee(total, fee);
        if worst.value.is_none() {
            worst.overflow();
        }
    }
    worst
}

/// What an attempt is expected to cost at the prices of now.
pub(super) fn expected(
    request: &Request,
    expected_output: Option<u64>,
    now: &Prices,
    output_limit: Option<u64>,
    fee: Ratio,
) -> Option<Money> {
    let cached = request.cached_input_tokens.min(request.input_tokens);
    let output = output_of(output_limit, expected_output)?;
    let mut total = now.prompt?.times(request.input_tokens.saturating_sub(cached))?;
    if cached > 0 {
        total = total.plus(now.cache_read?.times(cached)?)?;
    }
    total = total.plus(now.completion?.times(output)?)?;
    total = total.plus(now.request)?;
    if request.images > 0 {
        total = total.plus(now.image?.times(request.images)?)?;
    }
    with_fee(total, fee)
}

fn output_of(limit: Option<u64>, expected: Option<u64>) -> Option<u64> {
    match (limit, expected) {
        (Some(limit), Some(expected)) => Some(limit.min(expected)),
        (limit, expected) => limit.or(expected),
    }
}

fn with_fee(cost: Money, fee: Ratio) -> Option<Money> {
    if fee == Ratio::default() {
        return Some(cost);
    }
    cost.share(fee)?.plus(cost)
}

/// In what [`Flat`] prices of a catalog are counted: the largest amount of which all of them are whole multiples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    amount: u128,
    /// The most of it that money holds.
    largest: u128,
}

impl Unit {
    /// Counts prices in their unit; they come in 10^-15 dollars.
    pub(super) fn of(all: &mut [Option<Flat>]) -> Self {
        let of_all = all.iter().flatten().flat_map(Flat::known).fold(0, greatest_common_divisor);
        let divisor = of_all.max(1);
        all.iter_mut().flatten().for_each(|flat| flat.divide(divisor));
        // At most 2^64 × 10^9.
        let amount = u128::from(divisor).wrapping_mul(SCALE.unsigned_abs());
        let largest = i128::MAX.unsigned_abs().checked_div(amount).unwrap_or(0);
        Self { amount, largest }
    }

    /// Returns so many units, of which money holds as many.
    pub(super) fn money(self, count: u128) -> Money {
        Money(Fixed::from_units(count.wrapping_mul(self.amount).cast_signed()))
    }

    /// Returns how many whole units an amount holds; `None`: it is less than nothing.
    pub(super) fn floor(self, amount: Money) -> Option<u128> {
        u128::try_from(amount.0.units()).ok()?.checked_div(self.amount)
    }

    pub(super) fn holds(self, count: u128) -> bool {
        count <= self.largest
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

/// The dearest of each price among the [`Flat`] ones of a catalog, by which a cost is bounded before it is worked out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Most {
    input: u64,
    output: u64,
    request: u64,
    image: u64,
}

impl Most {
    pub(super) fn of<'f>(all: impl Iterator<Item = &'f Flat>) -> Self {
        let known = |price: u64| if price == NONE { 0 } else { price };
        all.fold(Self::default(), |most, flat| Self {
            input: most
                .input
                .max(known(flat.prompt))
                .max(known(flat.input_caching))
                .max(known(flat.cache_read)),
            output: most.output.max(known(flat.output)).max(known(flat.completion)),
            request: most.request.max(flat.request),
            image: most.image.max(known(flat.image)),
        })
    }

    /// Returns a number of units that no cost of a request that names no tool passes, be it the worst or the expected one.
    pub(super) fn cost(&self, request: &Request, output: u64) -> u128 {
        product(self.input, request.input_tokens)
            .wrapping_add(product(self.output, output))
            .wrapping_add(u128::from(self.request))
            .wrapping_add(product(self.image, request.images))
    }
}

/// Prices that hold at every moment, each a whole number of a catalog's [`Unit`] below 2^64.
///
/// INVARIANT: a count is at most 2^53 - 1 ([`Flat::new`] sees to the endpoint's own limit, the request was held to it before),
/// so a price times a count is below 2^117, and sums of the few there are stay below 2^128: the arithmetic of costs cannot
/// wrap. What is past the range of money is seen at the end. Where [`Most::cost`] is below 2^64, 64 bits do.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Flat {
    prompt: u64,
    completion: u64,
    request: u64,
    image: u64,
    cache_read: u64,
    /// The dearest of plain, cache read and cache write.
    input_caching: u64,
    /// The dearer of completion and reasoning.
    output: u64,
    /// The endpoint's own limit of output; [`NONE`] where there is none.
    output_limit: u64,
}

impl Flat {
    /// Stands where an endpoint has no such prices.
    pub(super) const BLANK: Self = Self {
        prompt: NONE,
        completion: NONE,
        request: 0,
        image: NONE,
        cache_read: NONE,
        input_caching: NONE,
        output: NONE,
        output_limit: NONE,
    };

    /// Returns the prices in this form; `None`: they change, or do not fit.
    pub(super) fn new(list: &PriceList, output_limit: Option<u64>) -> Option<Self> {
        let listed = Listed::new(list, None);
        if !listed.is_constant() || output_limit.is_some_and(|limit| limit > MAX_COUNT) {
            return None;
        }
        let prices = listed.at(Moment { input_tokens: 0, time_of_day: TimeOfDay(0) });
        let small = |price: Option<Money>| match price {
            None => Some(NONE),
            Some(price) => {
                let units = price.0.units();
                let whole = units.checked_rem(SCALE) == Some(0);
                let scaled = units.checked_div(SCALE).and_then(|n| u64::try_from(n).ok());
                scaled.filter(|n| whole && *n != NONE)
            }
        };
        let input_caching = prices.prompt.max(prices.cache_read).max(prices.cache_write);
        Some(Self {
            prompt: small(prices.prompt)?,
            completion: small(prices.completion)?,
            request: small(Some(prices.request))?,
            image: small(prices.image)?,
            cache_read: small(prices.cache_read)?,
            input_caching: small(input_caching.filter(|_| prices.prompt.is_some()))?,
            output: small(prices.completion.zip(prices.reasoning).map(|(c, r)| c.max(r)))?,
            output_limit: output_limit.unwrap_or(NONE),
        })
    }

    /// L of rule 10, where no ceiling bounds the output.
    pub(super) fn output_limit(&self, asked: Option<u64>) -> Option<u64> {
        let limit = asked.unwrap_or(NONE).min(self.output_limit);
        if limit == NONE { None } else { Some(limit) }
    }

    /// Whether the worst case of a request is known and bounded whatever it asks for, images aside.
    pub(super) fn is_priced(&self) -> bool {
        self.prompt != NONE && self.output != NONE
    }

    pub(super) fn prices_images(&self) -> bool {
        self.image != NONE
    }

    pub(super) fn is_limited(&self) -> bool {
        self.output_limit != NONE
    }

    fn all(&mut self) -> [&mut u64; 7] {
        let Self { prompt, completion, request, image, cache_read, input_caching, output, .. } = self;
        [prompt, completion, request, image, cache_read, input_caching, output]
    }

    fn known(&self) -> impl Iterator<Item = u64> + use<> {
        let Self { prompt, completion, request, image, cache_read, input_caching, output, .. } = *self;
        let all = [prompt, completion, request, image, cache_read, input_caching, output];
        all.into_iter().filter(|price| *price != NONE)
    }

    fn divide(&mut self, divisor: u64) {
        for price in self.all().into_iter().filter(|price| **price != NONE) {
            *price = price.checked_div(divisor).unwrap_or(0);
        }
    }

    /// The worst case of a request that names no tool, where all its prices are known and the output is limited.
    pub(super) fn worst_of(&self, request: &Request, output_limit: Option<u64>) -> u128 {
        let input = if request.caching { self.input_caching } else { self.prompt };
        let image = if request.images > 0 { self.image } else { 0 };
        product(input, request.input_tokens)
            .wrapping_add(product(self.output, output_limit.unwrap_or(0)))
            .wrapping_add(u128::from(self.request))
            .wrapping_add(product(image, request.images))
    }

    /// A sum for any counts, unknown prices taken for the dearest; for orders that decide nothing.
    pub(super) fn sum(&self, input: u64, output: u64) -> u128 {
        product(self.prompt, input)
            .wrapping_add(product(self.completion, output))
            .wrapping_add(u128::from(self.request))
    }

    /// Prices of input, output and a request in 32 bits; `None`: they do not fit, are not known, or are not all there is to
    /// plain input and output.
    pub(super) fn brief(&self) -> Option<(u32, u32, u32)> {
        let small = |price: u64| u32::try_from(price).ok();
        let all = (small(self.prompt)?, small(self.completion)?, small(self.request)?);
        (self.output == self.completion).then_some(all)
    }

    /// Whether no price of a token is known, so that it has no cost of which an order could be made.
    pub(super) fn is_blank(&self) -> bool {
        self.prompt == NONE || self.completion == NONE
    }

    /// As [`Self::worst_of`]. Here and below the caller sees to it that 64 bits hold all costs.
    pub(super) fn worst_small(&self, request: &Request, output_limit: Option<u64>) -> u64 {
        let input = if request.caching { self.input_caching } else { self.prompt };
        let image = if request.images > 0 { self.image } else { 0 };
        input
            .wrapping_mul(request.input_tokens)
            .wrapping_add(self.output.wrapping_mul(output_limit.unwrap_or(0)))
            .wrapping_add(self.request)
            .wrapping_add(image.wrapping_mul(request.images))
    }

    /// As [`expected`], all prices known; `None`: neither limit nor expectation says how much output there is.
    pub(super) fn expected_small(
        &self,
        request: &Request,
        expected_output: Option<u64>,
        output_limit: Option<u64>,
    ) -> Option<u64> {
        let cached = request.cached_input_tokens.min(request.input_tokens);
        let output = output_of(output_limit, expected_output)?;
        let image = if request.images > 0 { self.image } else { 0 };
        Some(
            self.prompt
                .wrapping_mul(request.input_tokens.wrapping_sub(cached))
                .wrapping_add(self.cache_read.wrapping_mul(cached))
                .wrapping_add(self.completion.wrapping_mul(output))
                .wrapping_add(self.request)
                .wrapping_add(image.wrapping_mul(request.images)),
        )
    }

    /// As [`worst`], of the shared credential, for a request that names no tool.
    pub(super) fn worst(&self, unit: Unit, request: &Request, output_limit: Option<u64>) -> Worst {
        let input = if request.caching { self.input_caching } else { self.prompt };
        let image = if request.images > 0 { self.image } else { 0 };
        let known = |price: u64| if price == NONE { 0 } else { price };
        let unknown = input == NONE || self.output == NONE || image == NONE;
        let total = product(known(input), request.input_tokens)
            .wrapping_add(product(known(self.output), output_limit.unwrap_or(0)))
            .wrapping_add(u128::from(self.request))
            .wrapping_add(product(known(image), request.images));
        let overflow = !unit.holds(total);
        let unbounded = output_limit.is_none() || overflow;
        let value = if unknown || unbounded { None } else { Some(unit.money(total)) };
        Worst { value, unknown, unbounded, overflow }
    }

    /// As [`expected`], of the shared credential.
    pub(super) fn expected(
        &self,
        unit: Unit,
        request: &Request,
        expected_output: Option<u64>,
        output_limit: Option<u64>,
    ) -> Option<Money> {
        let cached = request.cached_input_tokens.min(request.input_tokens);
        let output = output_of(output_limit, expected_output)?;
        if self.prompt == NONE || self.completion == NONE {
            return None;
        }
        let mut total = product(self.prompt, request.input_tokens.wrapping_sub(cached))
            .wrapping_add(product(self.completion, output))
            .wrapping_add(u128::from(self.request));
        if cached > 0 {
            total = total.wrapping_add(product(self.cache_read, cached));
        }
        if request.images > 0 {
            if self.image == NONE {
                return None;
            }
            total = total.wrapping_add(product(self.image, request.images));
        }
        unit.holds(total).then(|| unit.money(total))
    }
}

fn product(price: u64, count: u64) -> u128 {
    u128::from(price).wrapping_mul(u128::from(count))
}
