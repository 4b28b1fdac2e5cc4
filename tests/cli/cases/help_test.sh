# SPDX-License-Identifier: Apache-2.0
# Help of test.
dbconvert test --help
