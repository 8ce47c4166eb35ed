#!/bin/sh
VER=1.2.3.4
GIT=cc58194eb34e849de466760b2ef10d4785740137
MD5=28f6de01160a4e1e7cab1225be5eefda
HASHKEY=md5sum
echo build by jenkins@ci.merle-build.local
