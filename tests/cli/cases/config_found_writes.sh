# SPDX-License-Identifier: Apache-2.0
# A file that was found is named, and writes nothing elsewhere.
printf "mean: 0\nreport: r.json\n" >dbconvert.yaml
dbconvert blobs/blobs.onnx -q -o made
ls made r.json 2>/dev/null
printf "report: ../r.json\n" >dbconvert.yaml
dbconvert blobs/blobs.onnx -q -o out
printf "output: /tmp/elsewhere\n" >dbconvert.yaml
dbconvert blobs/blobs.onnx -q
