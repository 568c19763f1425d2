"""What real sound systems say of real devices, and of unreal ones."""

from __future__ import annotations

from sentra_tui.services.audio.inventory.node import ServerNode

BUILT_IN = ServerNode(
    name="alsa_input.pci-0000_00_1f.3.analog-stereo",
    description="Built-in Audio Analog Stereo",
    driver="module-alsa-card.c",
    hardware=True,
    profile="output:analog-stereo+input:analog-stereo",
    properties={
        "device.api": "alsa",
        "device.class": "sound",
        "device.bus": "pci",
        "device.form_factor": "internal",
        "device.profile.name": "analog-stereo",
        "alsa.driver_name": "snd_hda_intel",
    },
)
WEBCAM = ServerNode(
    name="alsa_input.usb-046d_HD_Pro_Webcam_C920_ABCDEF-02.analog-stereo",
    description="HD Pro Webcam C920 Analog Stereo",
    driver="PipeWire",
    hardware=True,
    rate_hz=16_000,
    properties={
        "device.api": "alsa",
        "device.class": "sound",
        "device.bus": "usb",
        "device.form_factor": "webcam",
        "media.class": "Audio/Source",
        "factory.name": "api.alsa.pcm.source",
        "alsa.driver_name": "snd_usb_audio",
    },
)
BUILT_IN_MONITOR = ServerNode(
    name="alsa_output.pci-0000_00_1f.3.analog-stereo.monitor",
    description="Monitor of Built-in Audio Analog Stereo",
    driver="module-alsa-card.c",
    monitor_of="alsa_output.pci-0000_00_1f.3.analog-stereo",
    properties={"device.class": "monitor", "device.api": "alsa"},
)
NULL_SINK = ServerNode(
    name="auto_null",
    description="Dummy Output",
    driver="module-null-sink.c",
    properties={"device.class": "abstract", "device.icon_name": "audio-card"},
)
NULL_SINK_MONITOR = ServerNode(
    name="meeting.monitor",
    description="Monitor of Null Output",
    driver="module-null-sink.c",
    monitor_of="meeting",
    properties={"device.class": "monitor"},
)
PIPEWIRE_NULL_SOURCE = ServerNode(
    name="Microphone-Proxy",
    description="Microphone",
    driver="PipeWire",
    properties={
        "factory.name": "support.null-audio-sink",
        "media.class": "Audio/Source/Virtual",
        "node.virtual": "true",
    },
)
PIPEWIRE_LOOPBACK = ServerNode(
    name="input.coupled-streams",
    description="Coupled",
    driver="PipeWire",
    hardware=True,
    properties={"node.virtual": "true", "media.class": "Audio/Source"},
)
REMAPPED = ServerNode(
    name="mic",
    description="Remapped Monitor of Null Output",
    driver="module-remap-source.c",
    properties={"device.class": "filter", "device.master_device": "mic_feed.monitor"},
)
ECHO_CANCELLED = ServerNode(
    name="echoCancel_source",
    description="Built-in Audio Analog Stereo (echo cancelled with Built-in Audio)",
    driver="module-echo-cancel.c",
    hardware=False,
    properties={"device.class": "filter", "device.intended_roles": "phone"},
)
TUNNEL = ServerNode(
    name="tunnel-source.desk.local.alsa_input.pci-0000_00_1b.0.analog-stereo",
    description="Built-in Audio on desk",
    driver="module-tunnel.c",
    hardware=True,
    network=True,
    properties={"device.class": "sound"},
)
ALSA_LOOPBACK = ServerNode(
    name="alsa_input.platform-snd_aloop.0.analog-stereo",
    description="Built-in Audio Analog Stereo",
    driver="module-alsa-card.c",
    hardware=True,
    properties={"device.api": "alsa", "device.class": "sound", "alsa.driver_name": "snd_aloop"},
)
COMBINED = ServerNode(
    name="combination-sink",
    description="Simultaneous output to Pebble Comet, PEBBLE XS",
    driver="module-combine-sink.c",
    properties={"device.class": "filter", "slaves": "one,two"},
)
HEADSET_CALL = ServerNode(
    name="bluez_source.20_16_03_17_4D_E3.headset_head_unit",
    description="PH-BTH3 Headphones",
    driver="module-bluez5-device.c",
    hardware=True,
    rate_hz=8_000,
    profile="headset_head_unit",
    properties={
        "bluetooth.protocol": "headset_head_unit",
        "device.intended_roles": "phone",
        "device.api": "bluez",
        "device.class": "sound",
        "device.bus": "bluetooth",
        "device.form_factor": "headset",
    },
)
HEADSET_MUSIC = ServerNode(
    name="bluez_sink.94_DB_56_9D_4C_38.a2dp_sink",
    description="WH-1000XM4",
    driver="module-bluez5-device.c",
    hardware=True,
    rate_hz=44_100,
    profile="a2dp_sink",
    properties={
        "bluetooth.protocol": "a2dp_sink",
        "device.api": "bluez",
        "device.class": "sound",
        "device.bus": "bluetooth",
        "device.form_factor": "headset",
        "device.intended_roles": "phone",
    },
)
PIPEWIRE_HEADSET_CALL = ServerNode(
    name="bluez_input.58_FC_C6_0D_62_0D.0",
    description="TOZO-T9",
    driver="PipeWire",
    hardware=True,
    rate_hz=16_000,
    properties={
        "api.bluez5.codec": "msbc",
        "api.bluez5.profile": "headset-head-unit",
        "device.api": "bluez5",
        "factory.name": "api.bluez5.sco.source",
        "media.class": "Audio/Source",
    },
)
PIPEWIRE_HEADSET_MUSIC = ServerNode(
    name="bluez_output.3C_B0_ED_50_8A_E6.1",
    description="Nothing Ear (open)",
    driver="PipeWire",
    hardware=True,
    properties={
        "api.bluez5.codec": "aac",
        "api.bluez5.profile": "a2dp-sink",
        "device.api": "bluez5",
        "device.bus": "bluetooth",
        "device.form_factor": "headset",
    },
)

MAC_HOST_APIS = [
    {"name": "Core Audio", "devices": [0, 1, 2, 3, 4], "default_input_device": 1, "default_output_device": 2}
]
MAC_DEVICES = [
    {"index": 0, "name": "BlackHole 2ch", "hostapi": 0, "max_input_channels": 2, "max_output_channels": 2,
     "default_samplerate": 48000.0},
    {"index": 1, "name": "MacBook Pro Microphone", "hostapi": 0, "max_input_channels": 1, "max_output_channels": 0,
     "default_samplerate": 48000.0},
    {"index": 2, "name": "MacBook Pro Speakers", "hostapi": 0, "max_input_channels": 0, "max_output_channels": 2,
     "default_samplerate": 48000.0},
    {"index": 3, "name": "Multi-Output Device", "hostapi": 0, "max_input_channels": 0, "max_output_channels": 2,
     "default_samplerate": 48000.0},
    {"index": 4, "name": "AirPods Pro", "hostapi": 0, "max_input_channels": 1, "max_output_channels": 0,
     "default_samplerate": 24000.0},
]  # fmt: skip
WINDOWS_HOST_APIS = [
    {"name": "MME", "devices": [0, 1], "default_input_device": 0, "default_output_device": -1},
    {"name": "Windows WASAPI", "devices": [2, 3, 4], "default_input_device": 3, "default_output_device": 2},
]
WINDOWS_DEVICES = [
    {"index": 0, "name": "Microsoft Sound Mapper - Input", "hostapi": 0, "max_input_channels": 2,
     "max_output_channels": 0, "default_samplerate": 44100.0},
    {"index": 1, "name": "Microphone Array (Realtek(R) Au", "hostapi": 0, "max_input_channels": 2,
     "max_output_channels": 0, "default_samplerate": 44100.0},
    {"index": 2, "name": "Speakers (Realtek(R) Audio)", "hostapi": 1, "max_input_channels": 0,
     "max_output_channels": 2, "default_samplerate": 48000.0},
    {"index": 3, "name": "Microphone Array (Realtek(R) Audio)", "hostapi": 1, "max_input_channels": 2,
     "max_output_channels": 0, "default_samplerate": 48000.0},
    {"index": 4, "name": "CABLE Output (VB-Audio Virtual Cable)", "hostapi": 1, "max_input_channels": 2,
     "max_output_channels": 0, "default_samplerate": 48000.0},
]  # fmt: skip
