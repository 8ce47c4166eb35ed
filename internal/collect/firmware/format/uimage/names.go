package uimage

import "strconv"

// Types that change how the data is read.
const (
	typeMulti  = 4
	typeScript = 6
	lzma       = 3
)

// compressions are IH_COMP_*. U-Boot reads LZO as lzop writes it and LZ4 in
// frames.
var compressions = [...]struct{ name, try string }{
	{"none", ""},
	{"gzip", "gzip"},
	{"bzip2", "bzip2"},
	{"lzma", "lzma"},
	{"lzo", "lzop"},
	{"lz4", "lz4"},
	{"zstd", "zstd"},
}

// systems are IH_OS_*, from 0 on.
var systems = [...]string{"", "openbsd", "netbsd", "freebsd", "4.4bsd", "linux", "svr4", "esix", "solaris", "irix", "sco", "dell", "ncr",
	"lynxos", "vxworks", "psos", "qnx", "u-boot", "rtems", "artos", "unity", "integrity", "ose", "plan9", "openrtos",
	"arm-trusted-firmware", "tee", "opensbi", "efi", "elf"}

// arches are IH_ARCH_*.
var arches = [...]string{"", "alpha", "arm", "i386", "ia64", "mips", "mips64", "powerpc", "s390", "sh", "sparc", "sparc64", "m68k", "nios",
	"microblaze", "nios2", "blackfin", "avr32", "st200", "sandbox", "nds32", "or1k", "arm64", "arc", "x86_64", "xtensa", "riscv"}

// types are IH_TYPE_*, as names of what stands behind the header.
var types = [...]string{"", "standalone", "kernel", "ramdisk", "multi", "firmware", "script", "filesystem", "flat_dt", "kwbimage", "imximage",
	"ublimage", "omapimage", "aisimage", "kernel_noload", "pblimage", "mxsimage", "gpimage", "atmelimage", "socfpgaimage", "x86_setup",
	"lpc32xximage", "loadable", "rkimage", "rksd", "rkspi", "zynqimage", "zynqmpimage", "zynqmpbif", "fpga", "vybridimage", "tee",
	"firmware_ivt", "pmmc", "stm32image", "socfpgaimage_v1", "mtk_image", "imx8mimage", "imx8image", "copro", "sunxi_egon"}

func name(names []string, v byte) string {
	if int(v) < len(names) && names[v] != "" {
		return names[v]
	}
	return strconv.Itoa(int(v))
}
