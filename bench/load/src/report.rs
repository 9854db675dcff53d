//! What was measured, as a line for people or for programs.

use crate::meter::Meter;

const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

pub fn print(what: &str, meter: &Meter, is_json: bool) {
    let latencies = QUANTILES.map(|(name, quantile)| {
        let us = meter.latencies.value_at_quantile(quantile) as f64 / 1_000.0;
        (name, us)
    });
    if is_json {
        println!("{}", json(what, meter, &latencies));
        return;
    }
    let rate = meter.answers as f64 / meter.seconds();
    let latencies = latencies.map(|(name, us)| format!("{name} {us:.0}"));
    println!(
        "{what}: {rate:.0} per second, latency in us: {}",
        latencies.join(", ")
    );
    let [target, _] = meter.cpu_times();
    if target.user_seconds + target.system_seconds > 0.0 {
        let each = |seconds: f64| seconds * 1e6 / meter.answers as f64;
        println!(
            "    CPU time of the registrar for each, in us: {:.2} user, {:.2} system",
            each(target.user_seconds),
            each(target.system_seconds)
        );
    }
}

fn json(what: &str, meter: &Meter, latencies: &[(&str, f64)]) -> String {
    let latencies: Vec<String> = latencies
        .iter()
        .map(|(name, us)| format!("\"{name}\":{us:.3}"))
        .collect();
    let cpu = meter.cpu_times().map(|time| {
        let (user, system) = (time.user_seconds, time.system_seconds);
        format!("{{\"user\":{user:.2},\"system\":{system:.2}}}")
    });
    format!(
        "{{\"measured\":\"{what}\",\"answers\":{},\"seconds\":{:.6},\"latencyUs\":{{{}}},\
         \"cpuSeconds\":{},\"ownCpuSeconds\":{}}}",
        meter.answers,
        meter.seconds(),
        latencies.join(","),
        cpu[0],
        cpu[1],
    )
}
