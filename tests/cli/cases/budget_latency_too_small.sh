# SPDX-License-Identifier: Apache-2.0
# No input is small enough.
dbconvert doorbell.onnx -q --max-latency 10us --allow-resize -o out
