# SPDX-License-Identifier: Apache-2.0
# A fidelity without photos to measure it on.
dbconvert blobs/blobs.onnx -q --min-fidelity 0.5 -o out
