"""Endpoints with the bounds that the server ships with; operators edit theirs."""

from bot.sandbox.providers.aime.endpoints import Endpoint, Field, Fields, Kind


def string(default: str = "", *, required: bool = False) -> Field:
    """Describe a text."""
    return {"type": "string", "default": default} | ({"required": True} if required else {})


def whole(default: int, least: int | None = None, most: int | None = None) -> Field:
    """Describe a whole number."""
    bounds = {} if least is None else {"minimum": least, "maximum": most}
    return {"type": "integer", **bounds, "default": default}


def real(default: float, least: float | None = None, most: float | None = None) -> Field:
    """Describe a number."""
    bounds = {} if least is None else {"minimum": least, "maximum": most}
    return {"type": "float", "default": default, **bounds}


def side(default: int, least: int, most: int, align: int) -> Field:
    """Describe width or height, which the server aligns and clamps without a word."""
    return {
        "type": "integer",
        "minimum": least,
        "maximum": most,
        "align": align,
        "default": default,
        "auto_convert": True,
    }


def selection(default: str, *others: str) -> Field:
    """Describe a choice."""
    return {"type": "selection", "default": default, "supported": [default, *others]}


def picture(least_px: int, most_px: int, form: str = "JPEG") -> Field:
    """Describe a picture that the server converts to what its worker takes."""
    return {
        "type": "image",
        "size": {
            "default": [most_px, most_px],
            "minimum": [least_px, least_px],
            "maximum": [most_px, most_px],
            "align": [1, 1],
            "auto_convert": True,
            "keep_aspect_ratio": True,
        },
        "color_space": {"supported": ["RGB", "YUV"], "default": "RGB", "auto_convert": True},
        "format": {"supported": [form], "default": form, "auto_convert": True},
        "resize_method": "scale",
        "check_conversion": True,
        "input_temp_file": "auto",
        "output_temp_file": "auto",
    }


PICTURES: Field = {"type": "image_list", "format": "JPEG", "color_space": "RGB"}
PICTURE_OUTPUTS: Fields = {
    "images": PICTURES,
    "seed": {"type": "integer"},
    "prompt": {"type": "string"},
    "error": {"type": "string"},
    "model_name": {"type": "string"},
}
PICTURE_PROGRESS: Fields = {"progress_images": PICTURES, "progress_message": {"type": "string"}}

FLUX = Endpoint(
    name="flux-dev",
    title="Flux",
    description="A sandbox after the example of FLUX.1-dev",
    job_type="flux_dev",
    model_label="sandbox-flux",
    inputs={
        "prompt": string(required=True),
        "provide_progress_images": selection("none", "decoded"),
        "seed": whole(-1),
        "height": side(1024, 128, 2048, 32),
        "width": side(1024, 128, 2048, 32),
        "steps": whole(40, 1, 50),
        "guidance": real(3.5, 1.0, 10.0),
        "image2image_strength": real(0.8, 0.0, 1.0),
        "image": picture(128, 1024),
    },
    outputs=PICTURE_OUTPUTS,
    progress=PICTURE_PROGRESS,
)
SD35 = Endpoint(
    name="stable_diffusion_3_5",
    title="Stable Diffusion 3.5",
    description="A sandbox after the example of Stable Diffusion 3.5",
    job_type="stable_diffusion_3_5",
    model_label="sandbox-sd35",
    inputs={
        "prompt": string(required=True),
        "negative_prompt": string(),
        "num_samples": whole(1, 1, 30),
        "seed": whole(-1),
        "height": side(512, 16, 2048, 16),
        "width": side(512, 16, 2048, 16),
        "steps": whole(28, 1, 64),
        "cfg_scale": real(5.0),
        "denoise": real(0.6, 0.0, 1.0),
        "image": picture(12, 1024),
        "provide_progress_images": selection("none", "latent", "decoded"),
    },
    outputs=PICTURE_OUTPUTS,
    progress=PICTURE_PROGRESS,
)
SDXL_IMG2IMG = Endpoint(
    name="stable_diffusion_xl_img2img",
    title="Stable Diffusion XL, picture to picture",
    description="A sandbox after the example of the older picture-to-picture endpoint",
    job_type="sdxl_img2img",
    model_label="sandbox-sdxl",
    inputs={
        "text": string(required=True),
        "strength": real(0.75, 0.0, 1.0),
        "scale": real(7.5, 1.0, 20.0),
        "ddim_steps": whole(50, 1, 100),
        "n_samples": whole(1, 1, 10),
        "image": {**picture(512, 1024, "PNG"), "required": True, "resize_method": "crop"},
    },
    outputs={
        "image": {"type": "image", "format": "PNG", "color_space": "RGB"},
        "info": {"type": "string"},
        "error": {"type": "string"},
    },
    progress={},
)
LLAMA = Endpoint(
    name="llama4_chat",
    kind=Kind.CHAT,
    title="Llama 4",
    description="A sandbox after the example of a chat endpoint",
    job_type="llama4",
    model_label="sandbox-llama",
    version=3,
    inputs={
        "prompt_input": string(),
        "chat_context": {"type": "chat_context"},
        "text_context": {"type": "text_context"},
        "top_k": whole(40, 1, 1000),
        "top_p": real(0.9, 0.0, 1.0),
        "temperature": real(0.8, 0.0, 1.0),
        "max_gen_tokens": whole(2000, 1, 16384),
    },
    outputs={
        "text": {"type": "string"},
        "num_generated_tokens": {"type": "integer"},
        "model_name": {"type": "string"},
        "max_seq_len": {"type": "integer"},
        "current_context_length": {"type": "integer"},
        "prompt_length": {"type": "integer"},
        "error": {"type": "string"},
    },
    progress={
        "text": {"type": "string"},
        "num_generated_tokens": {"type": "integer"},
        "current_context_length": {"type": "integer"},
    },
)

SHIPPED = (FLUX, SD35, SDXL_IMG2IMG, LLAMA)
