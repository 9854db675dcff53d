//! How requests follow one another: registrations once for each element, then the closed or the open loop.

use std::time::{Duration, Instant};

use crate::Error;
use crate::client::Client;
use crate::meter::Meter;
use crate::options::{Load, Measured, Pace};

/// What is measured first may have to grow tables or be compiled: it does not count.
pub const WARM_UP: Duration = Duration::from_millis(500);

/// Registrations that wait for their answer while the pools are filled.
const FILLING_AT_ONCE: usize = 256;

/// Registers every element once, over the associations in turn.
pub fn fill(client: &mut Client, load: &Load) -> Result<Meter, Error> {
    let mut meter = Meter::start(Instant::now(), None, load.cpu_of);
    let mut answers = Vec::new();
    for index in 0..client.element_count() {
        let association = index % client.association_count();
        let now = Instant::now();
        if !client.request(Measured::Registrations, association, now)? {
            return Err("the send buffer of an association is full".into());
        }
        while client.waiting_count() == FILLING_AT_ONCE {
            client.flush();
            take_answers(client, &mut meter, &mut answers)?;
        }
    }
    client.flush();
    finish(client, &mut meter)?;
    meter.end_now();
    Ok(meter)
}

pub fn measure(client: &mut Client, what: Measured, load: &Load) -> Result<Meter, Error> {
    let start = Instant::now() + WARM_UP;
    let mut meter = Meter::start(start, Some(start + load.length), load.cpu_of);
    match load.pace {
        Pace::Closed { outstanding } => closed(client, what, outstanding, &mut meter)?,
        Pace::Open { per_second } => open(client, what, per_second, &mut meter)?,
    }
    finish(client, &mut meter)?;
    Ok(meter)
}

fn closed(
    client: &mut Client,
    what: Measured,
    outstanding: usize,
    meter: &mut Meter,
) -> Result<(), Error> {
    let first = Instant::now();
    for association in 0..client.association_count() {
        for _ in 0..outstanding {
            if !client.request(what, association, first)? {
                return Err("--outstanding: so many requests do not fit the send buffer".into());
            }
        }
    }
    client.flush();
    let mut answers = Vec::new();
    loop {
        client.drain(&mut answers)?;
        let now = Instant::now();
        if !meter.tick(now) {
            meter.count(now, &answers);
            return Ok(());
        }
        meter.count(now, &answers);
        let is_idle = answers.is_empty();
        for answered in answers.drain(..) {
            client.request(what, answered.association, now)?;
        }
        client.flush();
        if is_idle {
            client.wait_for_answers()?;
        }
    }
}

/// A request that falls due while an association takes no more, or while this program is late, keeps the
/// time at which it was due: its latency tells of the wait (coordinated omission).
fn open(
    client: &mut Client,
    what: Measured,
    per_second: f64,
    meter: &mut Meter,
) -> Result<(), Error> {
    let start = Instant::now();
    let due_at = |index: u64| start + Duration::from_secs_f64(index as f64 / per_second);
    let mut next = 0;
    let mut answers = Vec::new();
    loop {
        let now = Instant::now();
        let goes_on = meter.tick(now);
        while due_at(next) <= now.min(meter.end()) {
            let association = (next % client.association_count() as u64) as usize;
            if !client.request(what, association, due_at(next))? {
                break;
            }
            next += 1;
        }
        client.flush();
        if !goes_on {
            return Ok(());
        }
        answers.clear();
        client.drain(&mut answers)?;
        meter.count(Instant::now(), &answers);
        if answers.is_empty() {
            client.wait_at_most(due_at(next).saturating_duration_since(Instant::now()))?;
        }
    }
}

/// Takes what has not been answered yet.
fn finish(client: &mut Client, meter: &mut Meter) -> Result<(), Error> {
    let mut answers = Vec::new();
    while client.waiting_count() > 0 {
        take_answers(client, meter, &mut answers)?;
    }
    Ok(())
}

fn take_answers(
    client: &mut Client,
    meter: &mut Meter,
    answers: &mut Vec<crate::client::Answered>,
) -> Result<(), Error> {
    answers.clear();
    client.drain(answers)?;
    if answers.is_empty() {
        client.wait_for_answers()?;
    }
    meter.count(Instant::now(), answers);
    Ok(())
}
