//! Loads a registrar over SCTP and measures it: how many requests it answers in a closed loop, how long
//! they take in an open one, what CPU time each costs. `options::HELP` tells the options.

mod client;
mod datagrams;
mod echo;
mod loops;
mod messages;
mod meter;
mod options;
mod peer;
mod report;
mod requests;

use std::process::ExitCode;

use client::Client;
use options::{Load, Measured, Task};

/// As in the registrar, so that this side costs no more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match options::parse().and_then(|(task, load)| run(task, &load)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rserpool-load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task, load: &Load) -> Result<(), Error> {
    match task {
        Task::Load => run_load(load),
        Task::Echo => echo::serve(load),
        Task::Peer => peer::run(load),
        Task::Datagrams => {
            report::print("resolutions", &datagrams::run(load)?, load.is_json);
            Ok(())
        }
        Task::Help => {
            println!("{}", options::HELP);
            Ok(())
        }
    }
}

fn run_load(load: &Load) -> Result<(), Error> {
    let mut client = Client::open(load)?;
    if load.elements > 0 {
        let meter = loops::fill(&mut client, load)?;
        must_be_right(&client)?;
        report::print("first registrations", &meter, load.is_json);
    }
    for &what in &load.measured {
        let meter = loops::measure(&mut client, what, load)?;
        must_be_right(&client)?;
        let name = match what {
            Measured::Resolutions => "resolutions",
            Measured::Registrations => "registrations",
        };
        report::print(name, &meter, load.is_json);
    }
    Ok(())
}

fn must_be_right(client: &Client) -> Result<(), Error> {
    match &client.first_wrong {
        None => Ok(()),
        Some(first) => Err(format!(
            "{} answers were wrong; the first: {first}",
            client.wrong_count
        )
        .into()),
    }
}
