//! Both engines on prices and costs of every size: in 64 bits, past them, past the range of money; equal ones, unknown
//! ones, those that change; and a count of the ways that were taken.

use crate::{
    Catalog, CatalogLayer, Context, EndpointRow, Engine, Money, Override, OwnCredential, PolicySet,
    PriceList, Request, Scratch, ToolPrice,
};
use crate::{MAX_COUNT, Ratio, TimeOfDay};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.next() % 100 < chance
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.next()).unwrap().checked_rem(list.len()).unwrap()]
    }
}

/// Prices per token by catalog: those of the market, those with few ties, those that need all 15 decimals, dear ones, ones
/// that no 64 bits hold beside others, and nothing but free ones.
const PALETTES: [&[&str]; 6] = [
    &["0.00000015", "0.0000006", "0.000003", "0.000015", "0.00000125", "0.00001", "0"],
    &["0.000003", "0.000003", "0.000015"],
    &["0.000000123456789", "0.000001000000001", "0.000000000000007"],
    &["1", "18", "0.5", "1000"],
    &["0.000003", "0.0000000000000001", "99999999999999", "17000", "0"],
    &["0"],
];

fn prices(random: &mut Random, palette: &[&str], known: u64) -> PriceList {
    let mut price = |chance: u64| -> Option<Money> {
        random.percent(chance).then(|| random.of(palette).parse().unwrap())
    };
    let mut prices = PriceList {
        prompt: price(known),
        completion: price(known),
        request: price(20),
        image: price(60),
        cache_read: price(30),
        cache_write: price(15),
        reasoning: price(15),
        ..PriceList::default()
    };
    if random.percent(30) {
        prices
            .tools
            .insert("web_search".to_owned(), ToolPrice::new(random.of(palette).parse().unwrap(), None));
    }
    prices
}

fn catalog(random: &mut Random) -> Catalog {
    // Those of the market come most often.
    let palette = PALETTES[random.of(&[0, 0, 0, 1, 2, 3, 4, 5])];
    let (changing, known) = (random.of(&[0, 0, 0, 20]), random.of(&[100, 100, 100, 90]));
    let count = random.of(&[1, 7, 31, 64, 65, 90]);
    let mut layer = CatalogLayer::default();
    for n in 0..count {
        let mut row =
            EndpointRow { id: Some(format!("m{}/x@p{}/{n:03}", n % 3, n % 5)), ..EndpointRow::default() };
        row.provider = Some(format!("p{}", n % 5));
        row.facts.context_length = Some(random.of(&[MAX_COUNT, MAX_COUNT, 100_000]));
        row.facts.max_output_tokens = random.percent(70).then(|| random.of(&[4096, 64_000, 800, MAX_COUNT]));
        row.facts.modalities = Some(["text".to_owned(), "image".to_owned()].into());
        row.facts.zdr = random.percent(80).then_some(true);
        row.facts.prices = prices(random, palette, known);
        if random.percent(changing) {
            let mut over = Override { prompt: random.of(palette).parse().ok(), ..Override::default() };
            over.completion = random.percent(50).then(|| random.of(palette).parse().unwrap());
            if random.percent(50) {
                over.above_input_tokens = Some(random.of(&[0, 1000]));
            } else {
                over.utc = Some((TimeOfDay(9 * 3_600_000), TimeOfDay(11 * 3_600_000)));
            }
            row.facts.prices.overrides = Some(vec![over]);
        }
        layer.endpoints.push(row);
    }
    Catalog::new(vec![layer]).unwrap()
}

fn request(random: &mut Random) -> (Request, Context) {
    let counts = [0, 1, 100, 999, 2450, 60_000, 1 << 20, 1 << 40, MAX_COUNT];
    let ordinary = random.percent(60);
    let count = |random: &mut Random| if ordinary { random.of(&counts[1..6]) } else { random.of(&counts) };
    let mut request = Request::new("r", count(random));
    request.max_output_tokens =
        random.percent(70).then(|| if random.percent(80) { 700 } else { count(random) });
    request.expected_output_tokens = random.percent(60).then(|| count(random));
    request.cached_input_tokens = if random.percent(25) { count(random) } else { 0 };
    request.caching = random.percent(15);
    request.images = if random.percent(15) { count(random) } else { 0 };
    if random.percent(5) {
        request.tools.insert("web_search".to_owned());
    }
    if random.percent(20) {
        request.data = Some(["pii".to_owned()].into());
    }
    if random.percent(8) {
        request.max_price.insert("prompt".to_owned(), "$4 per Mtok".to_owned());
    }
    let mut context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
    context.key.team = Some(random.of(&["red", "blue"]).to_owned());
    context.key.credits =
        random.percent(30).then(|| random.of(&["5", "0.02", "0", "-1", "99999999999999"]).parse().unwrap());
    if random.percent(10) {
        let mut own = OwnCredential::new("mine", "p1");
        own.prices = random.percent(60).then(|| prices(random, PALETTES[0], 90));
        own.fee = Ratio(random.of(&["0", "0.05"]).parse().unwrap());
        context.credentials.push(own);
    }
    if random.percent(15) {
        let health = Some(random.of(&[crate::Health::Down, crate::Health::Degraded]));
        let facts = crate::EndpointFacts { health, ..crate::EndpointFacts::default() };
        context.endpoints.insert(random.of(&["p0", "m1/x@p1/001"]).to_owned(), facts);
    }
    (request, context)
}

const HEAD: &str = "policy p { language 1 }\ndeclare { request.data set_of pii }\n";

const POLICIES: [&str; 5] = [
    r#"workload w { otherwise route { models "*" order by price }
       fallback { other provider on timeout other model on timeout } }"#,
    r#"guardrail dear { when key.team == "red" require endpoint.price_completion <= $10 per Mtok }
       guardrail pii { when request.data includes pii forbid endpoint.price_prompt > $2 per Mtok and not endpoint.zdr }
       guardrail odd { when endpoint.price_cache_read > $1 per Mtok require endpoint.zdr }
       waive dear { when endpoint.price_request == $0 per call until 2026-12-31 approved "x" because "y" }
       workload w { otherwise route { models "*" order by price require endpoint.price_reasoning < $1 per Mtok or endpoint.zdr }
         ceiling { prompt $5 per Mtok attempt $0.25 attempt $0.01 when key.team == "blue" }
         fallback { other provider on timeout other model on timeout } }"#,
    r#"workload w { otherwise route { models "*" order by price } ceiling { run $1 when request.stream attempt $0.05 } }"#,
    r#"workload w { otherwise route { models "m0/*" then "*" order by price }
         ceiling { attempt $0.25 output 500 when key.team == "red" }
         fallback { other provider on timeout other model on timeout price at most 200% of first } }"#,
    r#"workload w { otherwise
         route { models "*" order by price prefer endpoint.price_image < $0.02 per image prefer present(endpoint.price_web_search) }
         fallback { other provider on timeout other model on timeout } }"#,
];

#[test]
fn costs_of_every_size_are_those_of_the_reference() {
    let mut random = Random(20_261_123);
    let mut scratch = Scratch::new();
    let (mut packed, mut routed, mut limited, mut changing) = (0, 0, 0, 0);
    for (number, text) in POLICIES.into_iter().enumerate() {
        let text = format!("{HEAD}{text}\n");
        let policy = PolicySet::parse([("p.fare", text)]).unwrap_or_else(|found| panic!("{found}"));
        let first = Engine::new(policy, catalog(&mut random)).unwrap();
        // Tiers and preferences make keys of the order; the first three have none.
        for _ in 0..if number < 3 { 20 } else { 6 } {
            let engine = first.with_catalog(catalog(&mut random)).unwrap();
            for _ in 0..8 {
                let (request, context) = request(&mut random);
                let by_reference = engine.decide_by_reference(&request, &context);
                let verdict = engine.decide_with(&mut scratch, &request, &context);
                let said: Vec<_> = verdict.attempts().map(|a| (a.expected_cost(), a.worst_cost())).collect();
                let decision = verdict.explain();
                assert_eq!(decision, by_reference, "{request:?}\n{context:?}");
                if let crate::Decision::Route(plan) = by_reference {
                    let meant: Vec<_> =
                        plan.attempts.iter().map(|a| (a.expected_cost, a.worst_cost)).collect();
                    assert_eq!(said, meant);
                    routed += 1;
                    packed += usize::from(scratch.work.is_packed);
                    limited += usize::from(scratch.work.is_packed && scratch.work.cost_limit.is_some());
                    changing += usize::from(!engine.compiled().bound.columns.changing.is_clear());
                }
            }
        }
    }
    println!(
        "{routed} routed, {packed} packed, {limited} of them held to a limit, {changing} with changing prices"
    );
    assert!(routed > 150 && packed * 5 > routed && limited * 40 > routed && changing * 10 > routed);
}
