# SPDX-License-Identifier: Apache-2.0
# Photos that show nothing: how many detections are wrong can be said, how many
# are missed cannot.
cat >labels.json <<'END'
{"images": [{"id": 1, "file_name": "scene_07.png"}],
"categories": [{"id": 1, "name": "square"}], "annotations": []}
END
dbconvert eval blobs/blobs.onnx --images blobs/photos --labels labels.json \
	--mean 0
