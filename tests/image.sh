#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The container image, without a container engine's service or a registry:
#   tests/image.sh build    dbconvert:local in build/image, by buildah
#   tests/image.sh test     the same, then a conversion inside and outside
# The base image is made from Debian's packages by mmdebstrap. Prints
# `skipped image: REASON` where the tools or the rights are missing.
set -eu
cd "$(dirname "$0")/.."
store=$PWD/build/image
image=localhost/dbconvert:local
base=localhost/debian:12-slim

skip() {
	echo "skipped image: $1"
	exit 0
}

for tool in buildah mmdebstrap; do
	command -v $tool >/dev/null ||
		skip "no $tool (make deps S=image installs it)"
done
[ "$(id -u)" -eq 0 ] || skip "not root"

build_ah() {
	buildah --root "$store/root" --runroot "$store/run" \
		--storage-driver "$driver" "$@"
}

# overlay needs a file system that can be overlaid; vfs works anywhere
driver=overlay
mkdir -p "$store"
if ! container=$(build_ah from scratch 2>/dev/null); then
	driver=vfs
	container=$(build_ah from scratch 2>"$store/log") ||
		skip "buildah cannot work here: $(tail -n 1 "$store/log")"
fi
build_ah rm "$container" >/dev/null

make_base() {
	build_ah inspect --type image "$base" >/dev/null 2>&1 && return
	echo "making $base"
	mmdebstrap --quiet --variant=minbase --mode=root bookworm \
		"$store/base.tar"
	container=$(build_ah from scratch)
	build_ah add -q "$container" "$store/base.tar" / >/dev/null
	build_ah commit -q "$container" "$base" >/dev/null
	build_ah rm "$container" >/dev/null
	rm "$store/base.tar"
}

make_image() {
	echo "building $image"
	build_ah bud --isolation chroot --pull-never --network host \
		--build-arg BASE="$base" -t "$image" . >"$store/log" 2>&1 || {
		cat "$store/log"
		exit 1
	}
}

size_mb() {
	build_ah push -q "$image" "oci-archive:$store/image.tar" 2>/dev/null
	build_ah images --format '{{.Size}}' "$image"
	du -h "$store/image.tar" | cut -f1
	rm "$store/image.tar"
}

# in_image COMMAND...: as another user, with $work mounted
in_image() {
	build_ah run --isolation chroot -v "$work:/work" "$container" -- \
		"$@"
}

# same NAME STATUS: one line a case
same() {
	if [ "$2" -eq 0 ]; then
		echo "ok $1"
	else
		echo "failed $1"
		failures=1
	fi
}

test_image() {
	work=$store/work
	failures=0
	rm -rf "$work"
	mkdir -p "$work"
	build/release/blob_model "$work" >/dev/null
	chmod -R a+rwX "$work"
	set -- --bits 4 --calib photos --mean 0 --scale 1/255 -q
	(cd "$work" && ../../release/dbconvert blobs.onnx "$@" -o outside)
	container=$(build_ah from --pull-never "$image")
	in_image dbconvert blobs.onnx "$@" -o inside || true
	for file in blobs.dbp blobs.h; do
		(cd "$work" && sha256sum "outside/$file" "inside/$file")
		status=0
		cmp "$work/outside/$file" "$work/inside/$file" || status=1
		same "$file is the same inside and outside" $status
	done
	status=0
	[ "$(stat -c %u "$work/inside/blobs.dbp")" -ne 0 ] || status=1
	same "not root" $status
	status=0
	in_image dbconvert photos/scene_00.png 2>"$work/log" || status=$?
	[ $status -eq 1 ] && status=0
	same "bad input is status 1" $status
	status=0
	build_ah inspect --type image --format '{{.OCIv1.Config.Entrypoint}}' \
		"$image" | grep -qx '\[dbconvert\]' || status=1
	same "the entry point is dbconvert" $status
	build_ah rm "$container" >/dev/null
	echo "image size, and compressed for a registry:"
	size_mb
	exit $failures
}

make_base
make_image
[ "$1" = test ] && test_image
echo "built $image in $store (a copy for docker load:"
echo "  buildah --root $store/root push $image docker-archive:dbconvert.tar)"
