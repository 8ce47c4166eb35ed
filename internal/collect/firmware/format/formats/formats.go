// Package formats lists the formats that images are read in: the one place
// that knows them all. In: nothing. Out: the list, in the order in which
// formats with the same magic number are tried.
package formats

import (
	"slices"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/android"
	"assay/internal/collect/firmware/format/ar"
	"assay/internal/collect/firmware/format/arcadyan"
	"assay/internal/collect/firmware/format/checksum"
	"assay/internal/collect/firmware/format/chk"
	"assay/internal/collect/firmware/format/cpio"
	"assay/internal/collect/firmware/format/cramfs"
	"assay/internal/collect/firmware/format/disk"
	"assay/internal/collect/firmware/format/elfimage"
	"assay/internal/collect/firmware/format/erofs"
	"assay/internal/collect/firmware/format/esp"
	"assay/internal/collect/firmware/format/ext"
	"assay/internal/collect/firmware/format/f2fs"
	"assay/internal/collect/firmware/format/fat"
	"assay/internal/collect/firmware/format/fdt"
	"assay/internal/collect/firmware/format/gbl"
	"assay/internal/collect/firmware/format/hexfile"
	"assay/internal/collect/firmware/format/iso9660"
	"assay/internal/collect/firmware/format/jffs2"
	"assay/internal/collect/firmware/format/kernel"
	"assay/internal/collect/firmware/format/littlefs"
	"assay/internal/collect/firmware/format/matter"
	"assay/internal/collect/firmware/format/mcuboot"
	"assay/internal/collect/firmware/format/named"
	"assay/internal/collect/firmware/format/nand"
	"assay/internal/collect/firmware/format/ota"
	"assay/internal/collect/firmware/format/png"
	"assay/internal/collect/firmware/format/rauc"
	"assay/internal/collect/firmware/format/romfs"
	"assay/internal/collect/firmware/format/rpm"
	"assay/internal/collect/firmware/format/seama"
	"assay/internal/collect/firmware/format/spiffs"
	"assay/internal/collect/firmware/format/squashfs"
	"assay/internal/collect/firmware/format/squashfsold"
	"assay/internal/collect/firmware/format/stream"
	"assay/internal/collect/firmware/format/tar"
	"assay/internal/collect/firmware/format/trx"
	"assay/internal/collect/firmware/format/ubi"
	"assay/internal/collect/firmware/format/ubifs"
	"assay/internal/collect/firmware/format/uboot"
	"assay/internal/collect/firmware/format/uf2"
	"assay/internal/collect/firmware/format/uimage"
	"assay/internal/collect/firmware/format/vdisk"
	"assay/internal/collect/firmware/format/vendor"
	"assay/internal/collect/firmware/format/xor"
	"assay/internal/collect/firmware/format/yaffs2"
	"assay/internal/collect/firmware/format/zip"
)

// All returns every format that is read or recognised.
func All() []format.Format {
	list := plain()
	return slices.Concat(list, []format.Format{xor.New(proofs(list)), xor.Swapped()})
}

// proofs are the formats that prove a key of package xor: those of whole images
// that hold together by far more than their number.
func proofs(list []format.Format) (out []format.Format) {
	for _, f := range list {
		switch f.Name {
		case "ext", "fat", "fat-head", "exfat", "gpt", "mbr", "android-sparse", "android-super", "erofs", "f2fs", "ubifs", "squashfs", "squashfsold", "littlefs",
			"uimage", "fdt", "trx", "seama", "cramfs", "romfs", "ubi", "cpio", "tar", "zip", "gzip", "xz", "bzip2", "zstd", "lzip", "lzop", "esp-partitions", "mcuboot":
			if !f.Weak {
				out = append(out, f)
			}
		}
	}
	return out
}

// plain are the formats that stand in an image as they are.
func plain() []format.Format {
	return slices.Concat(
		[]format.Format{squashfs.New(), ubi.New(), ubifs.New(), jffs2.New(), cramfs.New(), romfs.New(), ext.New(), erofs.New(), f2fs.New(), squashfsold.New(), littlefs.New(), spiffs.New(), iso9660.New()},
		fat.Formats(),
		yaffs2.Formats(), []format.Format{nand.New()}, uimage.Formats(), []format.Format{fdt.New(), trx.New(), chk.New(), seama.New(), mcuboot.New(), matter.New(), arcadyan.New(), elfimage.New()},
		android.Formats(), esp.Formats(), hexfile.Formats(), []format.Format{uf2.New(), gbl.New()},
		vendor.Formats(),
		kernel.Formats(), uboot.Formats(),
		cpio.Formats(), tar.Formats(), []format.Format{zip.New(), ar.New(), rpm.New(), ota.New(), rauc.New()},
		vdisk.Formats(), named.Formats(), []format.Format{png.New()},
		disk.Formats(), stream.Formats(), checksum.Formats(),
	)
}
