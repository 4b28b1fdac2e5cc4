# SPDX-License-Identifier: Apache-2.0
dbconvert small/two.onnx -q -o packed
dbconvert run small/two.onnx x=small/x.npy z=small/z.npy -o float
dbconvert run packed/two.dbp z=small/z.npy x=small/x.npy -o device
ls float/x device/x
# element 200: 200 / 256 + 200 / 128
tail -c +929 float/x/y.npy | head -c 4 | od -An -tf4
dbconvert run small/classes.onnx x=small/x.npy
dbconvert run small/two.onnx x=small/x.npy
dbconvert run small/two.onnx x=small/x.npy x=small/z.npy
dbconvert run small/two.onnx small/x.npy small/z.npy
dbconvert small/two.onnx --calib blobs/photos -q -o out
