//! `ingest FILE ROUNDS`: reads a file in 64 KiB reads, splits it into lines and validates each, as
//! the hub does, `ROUNDS` times over. Prints `lines`, `bytes`, `bad`, `wall_ns` and `cpu_ns`.

#![expect(clippy::print_stdout, reason = "the result is what it prints")]

use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::Read;

use choo_bench::Stopwatch;
use choo_protocol::{Frame, Limits, Line, LineDecoder};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(path), Some(rounds)) = (args.next(), args.next()) else {
        return Err("usage: ingest FILE ROUNDS".into());
    };
    let rounds: u32 = rounds.parse()?;
    let limits = Limits::default();
    let (mut lines, mut bytes, mut bad) = (0_u64, 0_u64, 0_u64);
    let mut buffer = vec![0; 64 << 10];
    let watch = Stopwatch::start();
    for _ in 0..rounds {
        let mut file = File::open(&path)?;
        let mut decoder = LineDecoder::new(limits);
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            bytes += count as u64;
            decoder.feed(&buffer[..count], |frame| {
                lines += 1;
                match frame {
                    Frame::Line(line) => match &Line::parse(line, &limits) {
                        Ok(line) => drop(black_box(line)),
                        Err(_) => bad += 1,
                    },
                    Frame::Oversized { .. } => bad += 1,
                }
            });
        }
    }
    let (wall_ns, cpu_ns) = watch.elapsed();
    println!(
        "{}",
        serde_json::json!({ "lines": lines, "bytes": bytes, "bad": bad, "wall_ns": wall_ns, "cpu_ns": cpu_ns })
    );
    Ok(())
}
