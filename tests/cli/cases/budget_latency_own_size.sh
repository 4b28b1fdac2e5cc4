# SPDX-License-Identifier: Apache-2.0
# A latency that the model misses at its own size.
dbconvert doorbell.onnx -q --max-latency 4ms -o out
