# SPDX-License-Identifier: Apache-2.0
# The command alone, for build jobs: files come and go by a mounted folder.
#   docker build -t dbconvert .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" dbconvert \
#       model.onnx --bits 4 --calib photos
ARG BASE=debian:12-slim
FROM ${BASE} AS build
WORKDIR /src
RUN apt-get update -qq && \
    apt-get install -y -qq --no-install-recommends make
COPY packages.txt ./
COPY tools/deps.sh tools/
RUN tools/deps.sh run build
COPY . .
RUN make && tools/image_root.sh build/release/dbconvert /image

FROM scratch
COPY --from=build /image /
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["dbconvert"]
